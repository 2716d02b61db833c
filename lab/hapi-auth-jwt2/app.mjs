// The example of the README of hapi-auth-jwt2: a key, a function that looks the person up, and an open and a restricted route.
import Hapi from "@hapi/hapi";
import HapiAuthJwt from "hapi-auth-jwt2";

const people = { 1: { id: 1, name: "Jen Jones", order: "c41f7a90d2" }, 2: { id: 2, name: "John Doe", order: "0d17e5b6f3" } };
const notes = ["a77be019c3"];
const validate = async (decoded) => (people[decoded.id] ? { isValid: true } : { isValid: false });

const server = new Hapi.Server({ port: Number(process.env.PORT), host: "127.0.0.1" });
await server.register(HapiAuthJwt);
server.auth.strategy("jwt", "jwt", { key: "lab-signing-key-0123456789-0123456789-0123456789", validate });
server.auth.default("jwt");
server.route([
  { method: "GET", path: "/", config: { auth: false }, handler: () => ({ text: "Token not required" }) },
  {
    method: "GET",
    path: "/restricted",
    config: { auth: "jwt" },
    handler: (request, h) => {
      const response = h.response({ text: `You used a Token! Your order is ${people[request.auth.credentials.id].order}.` });
      response.header("Authorization", request.headers.authorization);
      return response;
    },
  },
  { method: "GET", path: "/notes", handler: () => ({ notes }) },
  {
    method: "POST",
    path: "/notes",
    handler: (request, h) => {
      notes.push(request.payload.note);
      return h.response({ saved: notes.length, id: "5be10c92aa" }).code(201);
    },
  },
]);
await server.start();
