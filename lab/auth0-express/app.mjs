// The quick starts of both packages: an issuer that gives a token to whoever asks, and an API that verifies its tokens.
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";
import { OAuth2Server } from "oauth2-mock-server";

const audience = "https://api.example.test";
const issuer = new OAuth2Server();
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "lab-1", alg: "RS256" };
writeFileSync("issuer-key.json", JSON.stringify(key));
await issuer.issuer.keys.add(key);
await issuer.start(Number(process.env.PORT_2), "127.0.0.1");
issuer.issuer.url = `http://127.0.0.1:${process.env.PORT_2}`;
issuer.service.on("beforeTokenSigning", (token) => {
  token.payload.aud = audience;
});

const app = express();
const notes = ["a77be019c3"];
app.use(express.json());
app.use(auth({ issuer: issuer.issuer.url, jwksUri: `${issuer.issuer.url}/jwks`, audience }));
app.get("/secret", (_, response) => response.json({ area: "secret", order: "c41f7a90d2" }));
app.get("/notes", requiredScopes("read"), (_, response) => response.json({ notes }));
app.post("/notes", requiredScopes("write"), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
