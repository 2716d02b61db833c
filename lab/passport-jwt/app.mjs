// The example of the README of passport-jwt: tokens of one issuer for one audience, in the Authorization field, and users in memory.
import express from "express";
import passport from "passport";
import { ExtractJwt, Strategy } from "passport-jwt";

const users = new Map([
  ["alice", { name: "Alice" }],
  ["bob", { name: "Bob" }],
]);
const notes = ["a77be019c3"];
passport.use(
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: "lab-signing-key-0123456789-0123456789-0123456789",
      issuer: "accounts.examplesoft.com",
      audience: "yoursite.net",
    },
    (payload, done) => done(null, users.get(payload.sub) ?? false),
  ),
);
const app = express();
app.use(express.json());
const authenticated = passport.authenticate("jwt", { session: false });
app.get("/health", (request, response) => response.send("ready\n"));
app.get("/profile", authenticated, (request, response) => response.send({ name: request.user.name, order: "c41f7a90d2" }));
app.get("/notes", authenticated, (request, response) => response.send({ notes }));
app.post("/notes", authenticated, (request, response) => response.status(201).send({ saved: notes.push(request.body?.note), id: "5be10c92aa" }));
app.listen(Number(process.env.PORT), "127.0.0.1");
