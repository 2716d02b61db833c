// The quick start of @node-oauth/express-oauth-server: its token handler, its authenticate handler, and a model in memory as its
// documentation describes one.
import express from "express";
import OAuthServer from "@node-oauth/express-oauth-server";

const clients = [
  { id: "lab-service", secret: "lab-service-Secret-1", scopes: ["read", "write"], grants: ["client_credentials"] },
  { id: "lab-reader", secret: "lab-reader-Secret-1", scopes: ["read"], grants: ["client_credentials"] },
  { id: "lab-web", secret: "lab-web-Secret-1", scopes: ["read"], grants: ["authorization_code"] },
];
const tokens = new Map();

const model = {
  getClient: async (id, secret) => clients.find((client) => client.id === id && (secret === null || client.secret === secret)),
  getUserFromClient: async (client) => ({ id: client.id }),
  validateScope: async (user, client, scope) => {
    const wanted = scope ?? client.scopes;
    return wanted.every((one) => client.scopes.includes(one)) ? wanted : false;
  },
  saveToken: async (token, client, user) => {
    const saved = { ...token, client, user };
    tokens.set(token.accessToken, saved);
    return saved;
  },
  getAccessToken: async (token) => tokens.get(token),
  verifyScope: async (token, scope) => scope.every((one) => token.scope.includes(one)),
};

const app = express();
const oauth = new OAuthServer({ model, accessTokenLifetime: Number(process.env.LIFETIME) });
const notes = ["a77be019c3"];
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.post("/token", oauth.token());
app.get("/secret", oauth.authenticate(), (_, response) => response.json({ area: "secret", order: "c41f7a90d2" }));
app.get("/notes", oauth.authenticate({ scope: ["read"] }), (_, response) => response.json({ notes }));
app.post("/notes", oauth.authenticate({ scope: ["write"] }), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
