// The example of the README of express-jwt: HS256 with an audience and an issuer, and its handler of errors.
import express from "express";
import { expressjwt as jwt } from "express-jwt";

const notes = ["a77be019c3"];
const app = express();
app.use(
  jwt({
    secret: "lab-signing-key-0123456789-0123456789-0123456789",
    audience: "http://myapi/protected",
    issuer: "http://issuer",
    algorithms: ["HS256"],
  }).unless({ path: ["/token"] }),
);
app.get("/token", (request, response) => response.send("open\n"));
app.get("/protected", (request, response) => {
  if (!request.auth.admin) return response.sendStatus(401);
  response.json({ order: "c41f7a90d2" });
});
app.get("/notes", (request, response) => response.json({ notes }));
app.post("/notes", express.json(), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.use((error, request, response, next) => {
  if (error.name === "UnauthorizedError") response.status(401).send("invalid token...");
  else next(error);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
