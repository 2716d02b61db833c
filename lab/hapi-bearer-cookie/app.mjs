// The example of the README of hapi-auth-bearer-token, and that of the tutorial of @hapi/cookie, on one server. The bearer token may
// travel in the query, as in the README.
import Hapi from "@hapi/hapi";
import AuthBearer from "hapi-auth-bearer-token";
import Cookie from "@hapi/cookie";
import Bcrypt from "bcryptjs";

const users = [
  { username: "john", password: Bcrypt.hashSync("lab-Password-1", 10), name: "John Doe", id: "2133d32a" },
  { username: "jane", password: Bcrypt.hashSync("lab-Password-2", 10), name: "Jane Roe", id: "5be10c92" },
];
const tokens = { "lab-token-Zq81xT0vWb5nLr37-0001": ["read", "write"], "lab-token-Hd62yP4mKc9sEf05-0002": ["read"] };
const notes = ["a77be019c3"];

const server = Hapi.server({ port: Number(process.env.PORT), host: "127.0.0.1" });
await server.register([AuthBearer, Cookie]);
server.auth.strategy("simple", "bearer-access-token", {
  allowQueryToken: true,
  validate: async (request, token, h) => ({ isValid: Object.hasOwn(tokens, token), credentials: { token, scope: tokens[token] }, artifacts: { test: "info" } }),
});
server.auth.strategy("session", "cookie", {
  cookie: { name: "sid-example", password: "!wsYhFA*C2U6nz=Bu^%A@^F#SF3&kSR6", isSecure: false },
  redirectTo: "/login",
  validate: async (request, session) => {
    const account = users.find((account) => account.id === session.id);
    return account ? { isValid: true, credentials: account } : { isValid: false };
  },
});
server.auth.default("simple");

server.route([
  { method: "GET", path: "/api/info", handler: () => ({ info: "success!", order: "c41f7a90d2" }) },
  { method: "GET", path: "/api/notes", options: { auth: { scope: "read" } }, handler: () => ({ notes }) },
  {
    method: "POST",
    path: "/api/notes",
    options: { auth: { scope: "write" } },
    handler: (request, h) => h.response({ saved: notes.push(request.payload?.note), id: "5be10c92aa" }).code(201),
  },
  { method: "GET", path: "/health", options: { auth: false }, handler: () => "ready" },
  { method: "GET", path: "/", options: { auth: "session" }, handler: (request) => `Welcome to the restricted home page, ${request.auth.credentials.name}!` },
  { method: "POST", path: "/name", options: { auth: "session" }, handler: (request) => `${(request.auth.credentials.name = request.payload?.name)} is saved` },
  {
    method: "GET",
    path: "/login",
    options: { auth: { strategy: "session", mode: "try" }, plugins: { cookie: { redirectTo: false } } },
    handler: (request, h) =>
      request.auth.isAuthenticated
        ? h.redirect("/")
        : '<form method="post" action="/login"><input name="username"><input type="password" name="password"><input type="submit" value="Login"></form>',
  },
  {
    method: "POST",
    path: "/login",
    options: { auth: { strategy: "session", mode: "try" }, plugins: { cookie: { redirectTo: false } } },
    handler: async (request, h) => {
      const { username, password } = request.payload;
      const account = users.find((user) => user.username === username);
      if (!account || !(await Bcrypt.compare(password, account.password))) return h.redirect("/login");
      request.cookieAuth.set({ id: account.id });
      return h.redirect("/");
    },
  },
  {
    method: "GET",
    path: "/logout",
    options: { auth: "session" },
    handler: (request, h) => {
      request.cookieAuth.clear();
      return h.redirect("/login");
    },
  },
]);
await server.start();
