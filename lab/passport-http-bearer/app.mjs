// The strategy of the README of passport-http-bearer, with the scope of a token in its info.
import express from "express";
import passport from "passport";
import { Strategy as BearerStrategy } from "passport-http-bearer";

const users = [
  { name: "john", token: "lab-token-Zq81xT0vWb5nLr37-0001", scope: "read write" },
  { name: "jane", token: "lab-token-Hd62yP4mKc9sEf05-0002", scope: "read" },
];
const notes = ["a77be019c3"];
passport.use(
  new BearerStrategy((token, done) => {
    const user = users.find((one) => one.token === token);
    if (!user) return done(null, false);
    return done(null, user, { scope: user.scope });
  }),
);

const app = express();
app.use(express.urlencoded({ extended: false }), express.json());
app.get("/health", (request, response) => response.send("ready\n"));
const bearer = passport.authenticate("bearer", { session: false });
const holds = (scope) => (request, response, next) => {
  if (request.authInfo.scope.split(" ").includes(scope)) return next();
  response.set("WWW-Authenticate", `Bearer realm="Users", error="insufficient_scope", scope="${scope}"`).status(403).json({ error: "insufficient_scope" });
};
app.get("/profile", bearer, (request, response) => response.json({ name: request.user.name, order: "c41f7a90d2" }));
app.get("/notes", bearer, holds("read"), (request, response) => response.json({ notes }));
app.post("/notes", bearer, holds("write"), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
