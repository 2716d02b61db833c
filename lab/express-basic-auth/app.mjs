// The examples of the README of express-basic-auth: static users, and static users with a challenge and an answer of its own.
import express from "express";
import basicAuth from "express-basic-auth";

const users = { admin: "lab-Supersecret-1", adam: "lab:Password:1234", utf8: "lab-Pässwörd-3" };
const notes = ["a77be019c3"];
const area = (guard) => {
  const routes = express.Router();
  routes.use(guard);
  routes.get("/order", (request, response) => response.json({ user: request.auth.user, order: "c41f7a90d2" }));
  routes.get("/notes", (request, response) => response.json({ notes }));
  routes.post("/notes", express.json(), (request, response) => {
    notes.push(request.body.note);
    response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
  });
  return routes;
};

const app = express();
app.get("/health", (request, response) => response.send("ready\n"));
app.use("/plain", area(basicAuth({ users })));
app.use(
  "/challenge",
  area(
    basicAuth({
      users,
      challenge: true,
      realm: "Imb4T3st4pp",
      unauthorizedResponse: (request) => (request.auth ? `Credentials ${request.auth.user}:${request.auth.password} rejected` : "No credentials provided"),
    }),
  ),
);
app.listen(Number(process.env.PORT), "127.0.0.1");
