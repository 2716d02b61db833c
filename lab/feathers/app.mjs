// What the generator of Feathers 5 makes for Express, local logins and JWTs, with its services in memory: users who see themselves alone,
// and messages of whoever is logged in.
import { AuthenticationService, JWTStrategy, authenticate } from "@feathersjs/authentication";
import { LocalStrategy, hooks } from "@feathersjs/authentication-local";
import express, { errorHandler, json, notFound, rest, urlencoded } from "@feathersjs/express";
import { feathers } from "@feathersjs/feathers";
import { MemoryService } from "@feathersjs/memory";

const { hashPassword, protect } = hooks;
const app = express(feathers());
app.set("authentication", {
  entity: "user",
  service: "users",
  secret: "lab-signing-key-0123456789-0123456789-0123456789",
  authStrategies: ["jwt", "local"],
  jwtOptions: { header: { typ: "access" }, audience: "https://yourdomain.com", algorithm: "HS256", expiresIn: `${process.env.LIFETIME}s` },
  local: { usernameField: "email", passwordField: "password" },
});
app.use(json());
app.use(urlencoded({ extended: true }));
app.configure(rest());

const authentication = new AuthenticationService(app);
authentication.register("jwt", new JWTStrategy());
authentication.register("local", new LocalStrategy());
app.use("authentication", authentication);
app.use("users", new MemoryService({ multi: false, paginate: { default: 10, max: 50 } }));
app.use("messages", new MemoryService({ paginate: { default: 10, max: 50 } }));

const onlyOneself = async (context) => {
  if (context.params.provider) context.params.query = { ...context.params.query, id: context.params.user.id };
};
app.service("users").hooks({
  around: { find: [authenticate("jwt")], get: [authenticate("jwt")], update: [authenticate("jwt")], patch: [authenticate("jwt")], remove: [authenticate("jwt")] },
  before: { find: [onlyOneself], get: [onlyOneself], create: [hashPassword("password")], update: [hashPassword("password")], patch: [hashPassword("password")] },
  after: { all: [protect("password")] },
});
app.service("messages").hooks({ around: { all: [authenticate("jwt")] } });
app.use(notFound());
app.use(errorHandler({ logger: false, html: undefined }));

await app.service("users").create({ email: "john@example.test", password: "lab-Password-1", order: "c41f7a90d2" });
await app.service("users").create({ email: "jane@example.test", password: "lab-Password-2", order: "0d17e5b6f3" });
await app.service("messages").create({ text: "a77be019c3" });
app.listen(Number(process.env.PORT), "127.0.0.1");
