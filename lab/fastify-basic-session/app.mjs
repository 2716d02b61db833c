// The examples of the READMEs of @fastify/basic-auth and @fastify/session in one application: Basic for /api, a login with a session for the rest.
import basicAuth from "@fastify/basic-auth";
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import Fastify from "fastify";

const users = new Map([["Tyrion", "wine-and-Books-1"], ["Jon", "ghost-and-Snow-2"], ["Arya", "needle:Point:work-3"]]);
const notes = [];
const fastify = Fastify();
fastify.register(basicAuth, { validate, authenticate: { realm: "Westeros" } });
fastify.register(cookie);
fastify.register(session, { secret: "a secret with minimum length of 32 characters", cookie: { secure: false } });

async function validate(username, password) {
  if (!users.has(username) || users.get(username) !== password) return new Error("Winter is coming");
}

fastify.get("/health", async () => ({ ready: true }));
fastify.register(async (api) => {
  await fastify.after();
  api.addHook("onRequest", (request, reply, done) => fastify.basicAuth(request, reply, done));
  api.get("/api/order", async () => ({ order: "c41f7a90d2" }));
  api.post("/api/notes", { schema: { body: note() } }, async (request) => ({ saved: notes.push(request.body.note), id: "5be10c92aa" }));
});

const account = { type: "object", required: ["username", "password"], properties: { username: { type: "string" }, password: { type: "string" } } };
fastify.post("/login", { schema: { body: account } }, async (request, reply) => {
  const { username, password } = request.body;
  if (!users.has(username) || users.get(username) !== password) return reply.code(401).send({ error: "wrong username or password" });
  request.session.user = username;
  return { user: username };
});
fastify.post("/logout", async (request) => {
  await request.session.destroy();
  return { ok: true };
});
fastify.register(async (web) => {
  web.addHook("preHandler", async (request, reply) => {
    if (!request.session.user) return reply.code(401).send({ error: "not logged in" });
  });
  web.get("/me", async (request) => ({ user: request.session.user, order: "a77be019c3" }));
  web.post("/notes", { schema: { body: note() } }, async (request) => ({ saved: notes.push(request.body.note), id: "5be10c92aa" }));
});

function note() {
  return { type: "object", required: ["note"], properties: { note: { type: "string" } } };
}
await fastify.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
