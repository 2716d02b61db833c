const { createServer } = require('node:http')
const { createYoga, createSchema } = require('graphql-yoga')
const { useJWT, createInlineSigningKeyProvider } = require('@graphql-yoga/plugin-jwt')
const signingKey = process.env.LAB_KEY || 'lab-signing-key-0123456789-0123456789-0123456789'
const notes = []
const yoga = createYoga({
  schema: createSchema({
    typeDefs: `type Query { greetings: String, notes: [String!]! } type Mutation { add(text: String!): Int! }`,
    resolvers: {
      Query: { greetings: (_, __, ctx) => `Hello ${ctx.jwt.payload.sub}`, notes: () => notes },
      Mutation: { add: (_, { text }) => notes.push(text) }
    }
  }),
  plugins: [useJWT({
    signingKeyProviders: [createInlineSigningKeyProvider(signingKey)],
    tokenVerification: { issuer: 'http://lab-issuer', audience: 'lab-api', algorithms: ['HS256'] },
    extendContext: true,
    reject: { missingToken: true, invalidToken: true }
  })]
})
createServer(yoga).listen(process.env.PORT, '127.0.0.1')
