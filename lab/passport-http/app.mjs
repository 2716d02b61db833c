// The strategies of the README of passport-http, and routes that need them without a session.
import express from "express";
import passport from "passport";
import { BasicStrategy, DigestStrategy } from "passport-http";

const users = {
  john: { username: "john", password: "lab-Password-1", verifyPassword: (password) => password === "lab-Password-1" },
  jane: { username: "jane", password: "lab-Password-2", verifyPassword: (password) => password === "lab-Password-2" },
  colon: { username: "colon", password: "lab:Password:3", verifyPassword: (password) => password === "lab:Password:3" },
  utf8: { username: "utf8", password: "lab-Pässwörd-4", verifyPassword: (password) => password === "lab-Pässwörd-4" },
};
const User = { findOne: ({ username }, done) => done(null, Object.hasOwn(users, username) ? users[username] : undefined) };
const notes = ["a77be019c3"];

passport.use(
  new BasicStrategy((userid, password, done) => {
    User.findOne({ username: userid }, (error, user) => {
      if (error) return done(error);
      if (!user) return done(null, false);
      if (!user.verifyPassword(password)) return done(null, false);
      return done(null, user);
    });
  }),
);
passport.use(
  new DigestStrategy(
    { qop: "auth" },
    (username, done) => {
      User.findOne({ username }, (error, user) => {
        if (error) return done(error);
        if (!user) return done(null, false);
        return done(null, user, user.password);
      });
    },
    (params, done) => done(null, true),
  ),
);

const app = express();
for (const strategy of ["basic", "digest"]) {
  const authenticate = passport.authenticate(strategy, { session: false });
  app.get(`/${strategy}/me`, authenticate, (request, response) => response.json({ username: request.user.username, order: "c41f7a90d2" }));
  app.get(`/${strategy}/notes`, authenticate, (request, response) => response.json({ notes }));
  app.post(`/${strategy}/notes`, authenticate, express.json(), (request, response) => {
    notes.push(request.body.note);
    response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
  });
}
app.get("/health", (request, response) => response.send("ready\n"));
app.listen(Number(process.env.PORT), "127.0.0.1");
