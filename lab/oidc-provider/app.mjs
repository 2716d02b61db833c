// Authorization servers of oidc-provider, as its documentation sets them up, and APIs behind express-oauth2-jwt-bearer.
import { X509Certificate, createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";

// oidc-provider asks for Node.js 22; this is all that it uses of it
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { Provider, errors } = await import("oidc-provider");

const lifetime = Number(process.env.LIFETIME);
const plain = `http://127.0.0.1:${process.env.PORT}`;
const secure = `https://127.0.0.1:${process.env.PORT_2}`;
const audience = "https://api.example.test";
const file = (name) => readFileSync(name, "utf8");

const client = (client_id, scope, more) => ({ client_id, scope, grant_types: ["client_credentials"], response_types: [], redirect_uris: [], ...more });
const both = (name, more) => [client(`${name}-service`, "read write", more("service")), client(`${name}-reader`, "read", more("reader"))];
const secret = (name, role) => `lab-${name}-${role}-Secret-0123456789abcdef`;
const publicKey = (name, more) => ({ keys: [{ ...createPublicKey(file(name)).export({ format: "jwk" }), ...more }] });
const selfSigned = (name) => publicKey(name, { x5c: [new X509Certificate(file(name)).raw.toString("base64")], use: "sig" });

const codes = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };

const plainClients = [
  ...both("dpop", (role) => ({ client_secret: secret("dpop", role), dpop_bound_access_tokens: true })),
  ...both("secret", (role) => ({ client_secret: secret("secret", role), token_endpoint_auth_method: "client_secret_jwt" })),
  client("lab-web", "read", { client_secret: secret("web", "only"), grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: ["https://web.example.test/back"] }),
  client("lab-public", "read", { token_endpoint_auth_method: "none", grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: ["https://app.example.test/back"] }),
  client("code-service", "openid offline_access", { client_secret: secret("code", "service"), ...codes, redirect_uris: ["https://service.example.test/back"] }),
  client("code-reader", "openid", { client_secret: secret("code", "reader"), ...codes, redirect_uris: ["https://reader.example.test/back"] }),
  client("key-service", "read write", { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "RS256", jwks: publicKey("rsa-service.key", { kid: "service-1" }) }),
  client("key-reader", "read", { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks: publicKey("ec-reader.key", { kid: "reader-1" }) }),
];
const bound = { tls_client_certificate_bound_access_tokens: true };
const secureClients = [
  ...both("tls", (role) => ({ token_endpoint_auth_method: "tls_client_auth", tls_client_auth_san_dns: `tls-${role}.lab.test`, ...bound })),
  ...both("self", (role) => ({ token_endpoint_auth_method: "self_signed_tls_client_auth", jwks: selfSigned(`self-${role}.pem`), ...bound })),
];

const certificate = (socket) => {
  const presented = socket.getPeerCertificate?.();
  return presented?.raw && new X509Certificate(presented.raw);
};
const signingKey = { ...createPrivateKey(file("issuer.key")).export({ format: "jwk" }), kid: "lab-1", use: "sig" };

const authorizationServer = (issuer, clients, clientAuthMethods, features) =>
  new Provider(issuer, {
    clients,
    jwks: { keys: [signingKey] },
    scopes: ["openid", "offline_access", "read", "write", "admin"],
    clientAuthMethods,
    ttl: { ClientCredentials: lifetime, AccessToken: lifetime },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { audience, scope: "read write admin", accessTokenTTL: lifetime, accessTokenFormat: "jwt" };
        },
      },
      ...features,
    },
  });

// users log in on the pages that come with it, which take every password; the check of passwords is ours
const users = new Map([["alice", "alice-Secret-1"], ["bob", "bob-Secret-1"]]);
const passwords = (request, response, next) => {
  const { prompt, login, password } = request.body ?? {};
  if (prompt !== "login" || (users.has(login) && users.get(login) === password)) return next();
  response.status(403).send("wrong name or password");
};
const pages = { devInteractions: { enabled: true } };
// what is offered if nothing is configured
const methods = ["client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt", "none"];
const first = authorizationServer(plain, plainClients, methods, { dPoP: { enabled: true }, ...pages });
const nonces = authorizationServer(`${plain}/nonces`, plainClients, methods, { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } });
const certificates = authorizationServer(secure, secureClients, [...methods, "tls_client_auth", "self_signed_tls_client_auth"], {
  mTLS: {
    enabled: true,
    certificateBoundAccessTokens: true,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,
    getCertificate: (context) => certificate(context.socket)?.toString(),
    certificateAuthorized: (context) => context.socket.authorized,
    certificateSubjectMatches: (context, property, expected) => property === "tls_client_auth_san_dns" && certificate(context.socket).subjectAltName === `DNS:${expected}`,
  },
});

// RFC 8705 §3: of the middleware's own it verifies no certificate
const certificateBound = (request, response, next) => {
  const presented = certificate(request.socket);
  const thumbprint = presented && Buffer.from(presented.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
  if (thumbprint && request.auth.payload.cnf?.["x5t#S256"] === thumbprint) return next();
  response.set("WWW-Authenticate", 'Bearer error="invalid_token"').status(401).json({ error: "invalid_token" });
};
const notes = ["a77be019c3"];
const api = (...guards) => {
  const routes = express.Router();
  routes.use(...guards);
  routes.get("/secret", (_, response) => response.json({ area: "secret", order: "c41f7a90d2" }));
  routes.get("/notes", requiredScopes("read"), (_, response) => response.json({ notes }));
  routes.post("/notes", requiredScopes("write"), express.json(), (request, response) => {
    notes.push(request.body.note);
    response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
  });
  return routes;
};
// strict: RFC 9068, as the tokens are
const guard = (issuerBaseURL) => auth({ issuerBaseURL, audience, strict: true, dpop: { enabled: true } });

const onPlain = express();
onPlain.use("/api", api(guard(plain)));
onPlain.use("/nonces/api", api(guard(`${plain}/nonces`)));
onPlain.use("/nonces", nonces.callback());
onPlain.post("/interaction/:uid", express.urlencoded({ extended: false }), passwords);
onPlain.use(first.callback());
const onSecure = express();
onSecure.use("/api", api(guard(secure), certificateBound));
onSecure.use(certificates.callback());

const options = { key: file("server.key"), cert: file("server.pem"), ca: file("ca.pem"), requestCert: true, rejectUnauthorized: false };
https.createServer(options, onSecure).listen(Number(process.env.PORT_2), "127.0.0.1", () => onPlain.listen(Number(process.env.PORT), "127.0.0.1"));
