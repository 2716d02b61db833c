// The example of @jmondi/oauth2-server: its authorization server with express, and its guide "protect resources".
import { AuthorizationServer, DateInterval, JwtService } from "@jmondi/oauth2-server";
import { handleExpressError, handleExpressResponse } from "@jmondi/oauth2-server/express";
import { randomBytes } from "node:crypto";
import express from "express";

const key = "lab-signing-key-0123456789-0123456789-0123456789";
const lifetime = new DateInterval(`${process.env.LIFETIME}s`);
const scopes = ["read", "write"].map((name) => ({ name }));
const client = (id, names, grants = ["client_credentials"]) => [
  `lab-${id}`,
  { id: `lab-${id}`, name: id, secret: `lab-${id}-Secret-1`, redirectUris: [], allowedGrants: grants, scopes: scopes.filter((scope) => names.includes(scope.name)) },
];
const clients = new Map([client("service", ["read", "write"]), client("reader", ["read"]), client("web", ["read"], ["authorization_code"])]);
for (const id of ["service", "reader"]) {
  const own = clients.get(`lab-${id}`);
  own.redirectUris = [`https://${id}.example.test/back`];
  own.allowedGrants = ["client_credentials", "authorization_code", "refresh_token"];
}
const users = { alice: "alice-Secret-1", bob: "bob-Secret-1" };
const tokens = new Map();
const codes = new Map();

const clientRepository = {
  getByIdentifier: async (id) => clients.get(id),
  isClientValid: async (grant, one, secret) => one.secret === secret && one.allowedGrants.includes(grant),
};
const scopeRepository = {
  getAllByIdentifiers: async (names) => scopes.filter((scope) => names.includes(scope.name)),
  finalize: async (wanted, _grant, one) => wanted.filter((scope) => one.scopes.some((own) => own.name === scope.name)),
};
const tokenRepository = {
  issueToken: async (one, wanted, user) => ({
    accessToken: randomBytes(20).toString("hex"),
    accessTokenExpiresAt: lifetime.getEndDate(),
    client: one,
    user,
    scopes: wanted,
  }),
  persist: async (token) => void tokens.set(token.accessToken, token),
  revoke: async (token) => void (token.accessTokenExpiresAt = token.refreshTokenExpiresAt = new Date(0)),
  getByAccessToken: async (id) => {
    if (!tokens.has(id)) throw new Error("token not found");
    return tokens.get(id);
  },
  isRefreshTokenRevoked: async (token) => token.refreshTokenExpiresAt < new Date(),
  issueRefreshToken: async (token, one) => {
    if (one.allowedGrants.includes("refresh_token") && token.user) {
      token.refreshToken = randomBytes(20).toString("hex");
      token.refreshTokenExpiresAt = new DateInterval("30m").getEndDate();
    }
    return token;
  },
  getByRefreshToken: async (id) => {
    const found = [...tokens.values()].find((token) => token.refreshToken === id);
    if (!found) throw new Error("token not found");
    return found;
  },
};
const codeRepository = {
  issueAuthCode: (one, user, wanted) => ({ code: randomBytes(20).toString("hex"), client: one, user, scopes: wanted, expiresAt: new Date() }),
  persist: async (code) => void codes.set(code.code, code),
  getByIdentifier: async (id) => codes.get(id),
  isRevoked: async (id) => !codes.has(id) || codes.get(id).expiresAt < new Date(),
  revoke: async (id) => void (codes.get(id).expiresAt = new Date(0)),
};
const userRepository = { getUserByCredentials: async (id, password) => (id in users && (password === undefined || users[id] === password) ? { id } : undefined) };

const jwtService = new JwtService(key);
const server = new AuthorizationServer(clientRepository, tokenRepository, scopeRepository, jwtService, { issuer: "lab" });
server.enableGrantType("client_credentials", lifetime);
server.enableGrantType("refresh_token", lifetime);
server.enableGrantType({ grant: "authorization_code", authCodeRepository: codeRepository, userRepository }, lifetime);

const app = express();
const notes = ["a77be019c3"];
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
const endpoint = (answer) => async (request, response) => {
  try {
    handleExpressResponse(response, await answer(request));
  } catch (error) {
    handleExpressError(error, response);
  }
};
// the login page is ours: it asks for the password and keeps the query of the authorization request
app.get("/authorize", async (request, response) => {
  try {
    await server.validateAuthorizationRequest(request);
    const query = new URLSearchParams(request.query).toString().replaceAll("&", "&amp;");
    response.send(`<form method="post"><input type="hidden" name="request" value="${query}"><input name="username"><input name="password" type="password"></form>`);
  } catch (error) {
    handleExpressError(error, response);
  }
});
app.post("/authorize", endpoint(async ({ headers, body }) => {
  const request = await server.validateAuthorizationRequest({ headers, body: {}, query: Object.fromEntries(new URLSearchParams(body.request)) });
  request.user = await userRepository.getUserByCredentials(body.username, body.password ?? "");
  request.isAuthorizationApproved = true;
  return server.completeAuthorizationRequest(request);
}));
app.post("/token", endpoint((request) => server.respondToAccessTokenRequest(request)));
app.post("/token/introspect", endpoint((request) => server.introspect(request)));
app.post("/token/revoke", endpoint((request) => server.revoke(request)));

const protect = (needed) => async (request, response, next) => {
  const header = request.headers.authorization;
  if (!header?.startsWith("Bearer ")) {
    return response.status(401).setHeader("WWW-Authenticate", 'Bearer realm="api"').json({ error: "invalid_request" });
  }
  let payload;
  try {
    payload = await jwtService.verify(header.slice(7));
    if (payload.iss !== "lab") throw new Error("issuer");
    if ((await tokenRepository.getByAccessToken(payload.jti)).accessTokenExpiresAt < new Date()) throw new Error("expired");
  } catch {
    return response.status(401).setHeader("WWW-Authenticate", 'Bearer error="invalid_token"').json({ error: "invalid_token" });
  }
  if (!needed.every((scope) => (payload.scope ?? "").split(" ").includes(scope))) {
    return response.status(403).setHeader("WWW-Authenticate", 'Bearer error="insufficient_scope"').json({ error: "insufficient_scope" });
  }
  next();
};
app.get("/secret", protect([]), (_, response) => response.json({ area: "secret", order: "c41f7a90d2" }));
app.get("/notes", protect(["read"]), (_, response) => response.json({ notes }));
app.post("/notes", protect(["write"]), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
