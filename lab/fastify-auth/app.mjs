// The examples of the READMEs of @fastify/basic-auth and @fastify/bearer-auth, each in a context of its own.
import basicAuth from "@fastify/basic-auth";
import bearerAuth from "@fastify/bearer-auth";
import Fastify from "fastify";

const passwords = { Tyrion: "lab-Wine-1", colon: "lab:Wine:2", utf8: "lab-Wéin-3" };
const keys = new Set(["lab-super-secret-key-0123456789", "lab-another-secret-key-9876543210"]);
const notes = ["a77be019c3"];
const routes = (context, area) => {
  context.get(`/${area}/order`, async () => ({ area, order: "c41f7a90d2" }));
  context.get(`/${area}/notes`, async () => ({ notes }));
  context.post(`/${area}/notes`, async (request, reply) => {
    notes.push(request.body.note);
    return reply.code(201).send({ saved: notes.length, id: "5be10c92aa" });
  });
};

const fastify = Fastify();
fastify.get("/health", async () => "ready");
fastify.register(async (context) => {
  const authenticate = { realm: "Westeros" };
  context.register(basicAuth, { validate, authenticate });
  async function validate(username, password) {
    if (!Object.hasOwn(passwords, username) || passwords[username] !== password) return new Error("Winter is coming");
  }
  context.after(() => {
    context.addHook("onRequest", context.basicAuth);
    routes(context, "basic");
  });
});
fastify.register(async (context) => {
  context.register(bearerAuth, { keys });
  context.after(() => routes(context, "bearer"));
});
await fastify.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
