// passport-local as its README and the example todos-express-password use it, with cookie-session and csurf as their READMEs do.
const crypto = require("node:crypto");
const express = require("express");
const cookieSession = require("cookie-session");
const csrf = require("csurf");
const passport = require("passport");
const LocalStrategy = require("passport-local");

const users = new Map();
for (const [name, password] of [["alice", "lab-Password-1"], ["bob", "lab-Password-2"]]) {
  const salt = crypto.randomBytes(16);
  users.set(name, { name, salt, hash: crypto.pbkdf2Sync(password, salt, 310000, 32, "sha256") });
}
passport.use(
  new LocalStrategy((username, password, done) => {
    const user = users.get(username);
    if (!user) return done(null, false, { message: "Incorrect username or password." });
    crypto.pbkdf2(password, user.salt, 310000, 32, "sha256", (error, hash) => {
      if (error) return done(error);
      if (!crypto.timingSafeEqual(user.hash, hash)) return done(null, false, { message: "Incorrect username or password." });
      return done(null, user);
    });
  }),
);

const app = express();
app.use(cookieSession({ name: "session", keys: ["lab-signing-key-0123456789-0123456789"], maxAge: 24 * 60 * 60 * 1000 }));
app.use(express.urlencoded({ extended: false }));
app.use(express.json());
app.use(csrf());
app.use(passport.initialize());

const notes = [];
const loggedIn = (request, response, next) => (request.session.user ? next() : response.redirect("/login"));
app.get("/health", (request, response) => response.send("ready"));
app.get("/login", (request, response) => {
  response.send(`<form action="/login" method="post"><input name="_csrf" type="hidden" value="${request.csrfToken()}"><input name="username"><input name="password" type="password"></form>`);
});
app.post("/login", passport.authenticate("local", { session: false }), (request, response) => {
  request.session.user = request.user.name;
  response.redirect("/");
});
app.get("/", loggedIn, (request, response) => response.json({ user: request.session.user, order: "c41f7a90d2" }));
app.post("/notes", loggedIn, (request, response) => response.json({ saved: notes.push(String(request.body?.note)), id: "5be10c92aa" }));
app.post("/logout", (request, response) => {
  request.session = null;
  response.redirect("/login");
});
app.listen(Number(process.env.PORT), "127.0.0.1");
