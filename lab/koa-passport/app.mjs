import Router from '@koa/router'
import { scrypt, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import passport from 'koa-passport'
import session from 'koa-session'
import { Strategy } from 'passport-local'

const hash = promisify(scrypt)
const users = new Map()
for (const [username, password] of [['alice', 'lab-Password-1'], ['bob', 'lab-Password-2']]) {
  const salt = randomBytes(16)
  users.set(username, { username, salt, hash: await hash(password, salt, 32) })
}

passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, users.get(username) ?? false))
passport.use(new Strategy(async (username, password, done) => {
  try {
    const user = users.get(username)
    if (!user || !timingSafeEqual(await hash(password, user.salt, 32), user.hash)) return done(null, false)
    done(null, user)
  } catch (error) { done(error) }
}))

const app = new Koa()
app.keys = ['lab-signing-key-0123456789']
app.use(session({}, app))
app.use(bodyParser())
app.use(passport.initialize())
app.use(passport.session())

const router = new Router()
router.get('/', ctx => { ctx.body = 'public' })
router.post('/login', passport.authenticate('local', { successRedirect: '/app', failureRedirect: '/' }))
// the custom callback of the README
router.post('/custom', ctx => passport.authenticate('local', (error, user) => {
  if (error) throw error
  if (user === false) { ctx.body = { success: false }; ctx.throw(401) }
  ctx.body = { success: true }
  return ctx.login(user)
})(ctx))
router.get('/logout', ctx => { ctx.logout(); ctx.redirect('/') })
const guard = (ctx, next) => ctx.isAuthenticated() ? next() : ctx.redirect('/')
router.get('/app', guard, ctx => { ctx.body = { user: ctx.state.user.username, order: 'c41f7a90d2' } })
router.post('/app/notes', guard, ctx => { ctx.body = { saved: ctx.request.body.note ?? null } })
app.use(router.routes()).use(router.allowedMethods())
app.listen(Number(process.env.PORT), '127.0.0.1')
