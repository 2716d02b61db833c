// The example of the README of passport-headerapikey: a key in Authorization behind "Api-Key ".
import express from "express";
import passport from "passport";
import { HeaderAPIKeyStrategy } from "passport-headerapikey";

const users = [
  { name: "john", apikey: "lab-key-Zq81xT0vWb5nLr37", admin: true },
  { name: "jane", apikey: "lab-key-Hd62yP4mKc9sEf05", admin: false },
];
const User = { findOne: ({ apikey }, done) => done(null, users.find((user) => user.apikey === apikey)) };
const notes = ["a77be019c3"];

passport.use(
  new HeaderAPIKeyStrategy({ header: "Authorization", prefix: "Api-Key " }, false, (apikey, done) => {
    User.findOne({ apikey }, (error, user) => {
      if (error) return done(error);
      if (!user) return done(null, false);
      return done(null, user);
    });
  }),
);

const app = express();
app.get("/health", (request, response) => response.send("ready\n"));
app.post("/api/authenticate", passport.authenticate("headerapikey", { session: false, failureRedirect: "/api/unauthorized" }), (request, response) => response.json({ message: "Authenticated", user: request.user.name, order: "c41f7a90d2" }));
app.get("/api/unauthorized", (request, response) => response.json({ message: "unauthorized" }));
app.use(passport.authenticate("headerapikey", { session: false }));
app.get("/api/orders", (request, response) => response.json({ user: request.user.name, order: "c41f7a90d2" }));
app.get("/api/notes", (request, response) => response.json({ notes }));
app.post("/api/notes", express.json(), (request, response) => {
  if (!request.user.admin) return response.status(403).json({ message: "forbidden" });
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
