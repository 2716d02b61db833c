// The example of the README of @fastify/jwt, with a private and a public key and a login.
import { readFileSync } from "node:fs";
import jwt from "@fastify/jwt";
import Fastify from "fastify";

const app = Fastify();
const notes = ["a77be019c3"];
await app.register(jwt, {
  secret: { private: readFileSync("key.pem"), public: readFileSync("public.pem") },
  sign: { algorithm: "ES256", expiresIn: `${process.env.LIFETIME}s` },
});
app.decorate("authenticate", async (request, reply) => {
  try {
    await request.jwtVerify();
  } catch (error) {
    reply.send(error);
  }
});
app.post("/signup", async (request, reply) => {
  if (request.body?.username !== "alice" || request.body?.password !== "lab-Password-1") return reply.code(401).send({ error: "wrong password" });
  return { token: app.jwt.sign({ sub: "alice" }) };
});
app.get("/orders", { onRequest: [app.authenticate] }, async (request) => ({ user: request.user.sub, order: "c41f7a90d2" }));
app.get("/notes", { onRequest: [app.authenticate] }, async () => ({ notes }));
app.post("/notes", { onRequest: [app.authenticate] }, async (request, reply) => {
  notes.push(request.body.note);
  return reply.code(201).send({ saved: notes.length, id: "5be10c92aa" });
});
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
