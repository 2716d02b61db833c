// The examples of the READMEs of @fastify/session, @fastify/csrf-protection and @fastify/formbody in one application:
// a login form, writes and a logout that need the CSRF token, and a page that hands it out.
import cookie from "@fastify/cookie";
import csrfProtection from "@fastify/csrf-protection";
import formbody from "@fastify/formbody";
import session from "@fastify/session";
import Fastify from "fastify";

const users = new Map([["max", "lab-Password-1"], ["erika", "lab-Password-2"]]);
const notes = new Map();
const fastify = Fastify();
fastify.register(formbody);
fastify.register(cookie);
fastify.register(session, { secret: "a string which is longer than 32 characters", cookie: { secure: false } });
fastify.register(csrfProtection, { sessionPlugin: "@fastify/session" });
await fastify.after();

const text = (...required) => ({ body: { type: "object", required, properties: Object.fromEntries(required.map((name) => [name, { type: "string" }])) } });
const form = (name, token, ...fields) => `<form method="post" action="/${name}">
  <input type="hidden" name="_csrf" value="${token}">
  ${fields.map((field) => `<input name="${field}">`).join("\n  ")}
  <button>${name}</button>
</form>`;

fastify.get("/login", async (request, reply) => reply.type("text/html").send(form("login", reply.generateCsrf(), "username", "password")));
fastify.post("/login", { schema: text("username", "password"), preValidation: fastify.csrfProtection }, async (request, reply) => {
  const { username, password } = request.body;
  if (!users.has(username) || users.get(username) !== password) return reply.code(401).type("text/html").send("Wrong name or password");
  request.session.user = { name: username };
  return reply.redirect("/");
});
fastify.post("/logout", { preValidation: fastify.csrfProtection }, async (request, reply) => {
  await request.session.destroy();
  return reply.redirect("/login");
});

fastify.register(async (pages) => {
  pages.addHook("preHandler", async (request, reply) => {
    if (!request.session.user) return reply.redirect("/login");
  });
  pages.get("/", async (request, reply) => reply.type("text/html").send(`<h1>Notes of ${request.session.user.name}</h1>
<ul>${(notes.get(request.session.user.name) ?? []).map((note) => `<li>${note.replaceAll("<", "&lt;")}</li>`).join("")}</ul>
${form("notes", reply.generateCsrf(), "note")}${form("logout", reply.generateCsrf())}`));
  pages.post("/notes", { schema: text("note"), preValidation: fastify.csrfProtection }, async (request) => {
    const { name } = request.session.user;
    const kept = [...(notes.get(name) ?? []), request.body.note].slice(-20);
    notes.set(name, kept);
    return { saved: kept.length, of: name };
  });
});

fastify.register(async (api) => {
  api.addHook("preHandler", async (request, reply) => {
    if (!request.session.user) return reply.code(401).send({ error: "not logged in" });
  });
  api.get("/api/me", async (request) => ({ user: request.session.user.name, notes: (notes.get(request.session.user.name) ?? []).length }));
  api.get("/api/token", async (request, reply) => ({ token: reply.generateCsrf() }));
  api.post("/api/notes", { schema: text("note"), onRequest: fastify.csrfProtection }, async (request) => {
    const { name } = request.session.user;
    const kept = [...(notes.get(name) ?? []), request.body.note].slice(-20);
    notes.set(name, kept);
    return { saved: kept.length, of: name };
  });
});
await fastify.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
