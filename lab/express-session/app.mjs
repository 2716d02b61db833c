// The example "User login" of the README of express-session, with two accounts in place of "any combo works", and notes behind the session.
import escapeHtml from "escape-html";
import express from "express";
import session from "express-session";

const passwords = { john: "lab-Password-1", jane: "lab-Password-2" };
const notes = ["a77be019c3"];
const app = express();
app.use(session({ secret: "lab-keyboard-cat-0123456789", resave: false, saveUninitialized: true }));

function isAuthenticated(req, res, next) {
  if (req.session.user) next();
  else next("route");
}

app.get("/", isAuthenticated, function (req, res) {
  res.send("hello, " + escapeHtml(req.session.user) + "! Your order is c41f7a90d2." + ' <a href="/logout">Logout</a>');
});
app.get("/", function (req, res) {
  res.send('<form action="/login" method="post">Username: <input name="user"><br>Password: <input name="pass" type="password"><br><input type="submit" text="Login"></form>');
});
app.post("/login", express.urlencoded({ extended: false }), function (req, res, next) {
  if (!req.body || !Object.hasOwn(passwords, req.body.user) || passwords[req.body.user] !== req.body.pass) return res.redirect("/");
  req.session.regenerate(function (err) {
    if (err) next(err);
    req.session.user = req.body.user;
    req.session.save(function (err) {
      if (err) return next(err);
      res.redirect("/");
    });
  });
});
app.get("/logout", function (req, res, next) {
  req.session.user = null;
  req.session.save(function (err) {
    if (err) next(err);
    req.session.regenerate(function (err) {
      if (err) next(err);
      res.redirect("/");
    });
  });
});
app.get("/notes", isAuthenticated, (req, res) => res.json({ notes }));
app.post("/notes", isAuthenticated, express.json(), (req, res) => {
  notes.push(req.body.note);
  res.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
