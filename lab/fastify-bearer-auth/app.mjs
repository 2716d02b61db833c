// The example of the README of @fastify/bearer-auth: a set of keys, one hook for a context, and a public route outside of it.
import Fastify from "fastify";
import bearerAuthPlugin from "@fastify/bearer-auth";

const keys = new Set(["lab-token-Zq81xT0vWb5nLr37-0001", "lab-token-Hd62yP4mKc9sEf05-0002"]);
const notes = ["a77be019c3"];
const fastify = Fastify();
fastify.get("/health", () => "ready\n");
fastify.register(async (api) => {
  await api.register(bearerAuthPlugin, { keys });
  api.get("/foo", () => ({ order: "c41f7a90d2" }));
  api.get("/notes", () => ({ notes }));
  api.post("/notes", { schema: { body: { type: "object", required: ["note"], properties: { note: { type: "string" } } } } }, (request, reply) => {
    notes.push(request.body.note);
    reply.code(201).send({ saved: notes.length, id: "5be10c92aa" });
  });
});
await fastify.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
