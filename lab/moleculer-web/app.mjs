import jwt from 'jsonwebtoken'
import { ServiceBroker } from 'moleculer'
import ApiGateway from 'moleculer-web'

const E = ApiGateway.Errors
const secret = 'lab-signing-key-0123456789-0123456789'
const users = [
  { id: 1, username: 'alice', password: 'lab-Password-1', role: 'admin' },
  { id: 2, username: 'bob', password: 'lab-Password-2', role: 'user' },
]
const broker = new ServiceBroker({ logger: { type: 'Console', options: { level: 'warn' } } })

broker.createService({
  name: 'auth',
  actions: {
    login: {
      params: { username: 'string', password: 'string' },
      handler(ctx) {
        const user = users.find(user => user.username === ctx.params.username && user.password === ctx.params.password)
        if (!user) throw new E.UnAuthorizedError('INVALID_CREDENTIALS')
        return { token: jwt.sign({ id: user.id, username: user.username, role: user.role }, secret, { expiresIn: 600 }) }
      },
    },
  },
})
broker.createService({
  name: 'orders',
  actions: {
    list: ctx => ({ order: 'c41f7a90d2', user: ctx.meta.user.username }),
    add: {
      params: { name: 'string' },
      handler(ctx) {
        if (ctx.meta.user.role !== 'admin') throw new E.ForbiddenError('NO_RIGHT')
        return { saved: ctx.params.name }
      },
    },
  },
})
broker.createService({ name: 'health', actions: { ok: () => ({ up: true }) } })
broker.createService({
  mixins: [ApiGateway],
  settings: {
    ip: '127.0.0.1',
    port: Number(process.env.PORT),
    routes: [
      { path: '/api', authorization: true, mappingPolicy: 'restrict', bodyParsers: { json: true }, aliases: { 'GET orders': 'orders.list', 'POST orders': 'orders.add' } },
      { path: '/', mappingPolicy: 'restrict', bodyParsers: { json: true }, aliases: { 'POST login': 'auth.login', 'GET health': 'health.ok' } },
    ],
  },
  methods: {
    // https://moleculer.services/docs/0.14/moleculer-web.html#Authorization
    authorize(ctx, route, req) {
      const auth = req.headers.authorization
      if (!auth || !auth.startsWith('Bearer')) return Promise.reject(new E.UnAuthorizedError(E.ERR_NO_TOKEN))
      return new Promise((resolve, reject) => {
        jwt.verify(auth.slice(7), secret, (error, decoded) => {
          if (error) return reject(new E.UnAuthorizedError(E.ERR_INVALID_TOKEN))
          ctx.meta.user = decoded
          resolve(ctx)
        })
      })
    },
  },
})
broker.start()
