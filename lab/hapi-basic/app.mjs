// The example of the documentation of @hapi/basic.
import basic from "@hapi/basic";
import Hapi from "@hapi/hapi";
import bcrypt from "bcryptjs";

const users = {
  john: { username: "john", password: bcrypt.hashSync("lab-Password-1", 8), name: "John Doe", id: "2133d32a" },
  colon: { username: "colon", password: bcrypt.hashSync("lab:Password:2", 8), name: "Colon", id: "9f1b2207" },
  utf8: { username: "utf8", password: bcrypt.hashSync("lab-Pässwörd-3", 8), name: "Ütf", id: "77aa1902" },
  long: { username: "long", password: bcrypt.hashSync("lab-Password-4-".padEnd(90, "x"), 8), name: "Long", id: "41cc8d60" },
};
const validate = async (_request, username, password) => {
  const user = users[username];
  if (!user) return { credentials: null, isValid: false };
  const isValid = await bcrypt.compare(password, user.password);
  return { isValid, credentials: { id: user.id, name: user.name } };
};

const server = Hapi.server({ port: Number(process.env.PORT), host: "127.0.0.1" });
const notes = ["a77be019c3"];
await server.register(basic);
server.auth.strategy("simple", "basic", { validate });
server.auth.default("simple");
server.route([
  { method: "GET", path: "/orders", handler: () => ({ area: "orders", order: "c41f7a90d2" }) },
  { method: "GET", path: "/notes", handler: () => ({ notes }) },
  {
    method: "POST",
    path: "/notes",
    handler: (request, h) => {
      notes.push(request.payload.note);
      return h.response({ saved: notes.length, id: "5be10c92aa" }).code(201);
    },
  },
]);
await server.start();
