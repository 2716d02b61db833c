// Better Auth as its documentation sets up its OAuth provider and its API keys; an API of ours verifies with its functions.
import http from "node:http";
import { apiKey } from "@better-auth/api-key";
import { oauthProvider } from "@better-auth/oauth-provider";
import { oauthProviderResourceClient } from "@better-auth/oauth-provider/resource-client";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";

const base = `http://127.0.0.1:${process.env.PORT}`;
const audience = `${base}/api`;
const names = ["service", "reader", "web", "opaque"];
const tableNames = ["user", "session", "account", "verification", "jwks", "apikey", "oauthClient", "oauthResource", "oauthClientResource", "oauthAccessToken", "oauthRefreshToken", "oauthConsent"];
const tables = Object.fromEntries(tableNames.map((name) => [name, []]));
const made = { ids: 0, secrets: 0, keys: 0 };

const auth = betterAuth({
  baseURL: base,
  secret: "lab-secret-0123456789-0123456789-0123456789",
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  disabledPaths: ["/token"],
  plugins: [
    jwt(),
    oauthProvider({
      loginPage: "/sign-in",
      consentPage: "/consent",
      scopes: ["openid", "read", "write", "admin"],
      resources: [audience],
      clientPrivileges: ({ user }) => user.name === "alice",
      m2mAccessTokenExpiresIn: Number(process.env.LIFETIME),
      generateClientId: () => `lab-${names[made.ids++]}`,
      generateClientSecret: () => `lab-${names[made.secrets++]}-Secret-0123456789abcdef`,
    }),
    apiKey({ rateLimit: { enabled: false }, customKeyGenerator: () => `lab-key-${names[made.keys++]}-${"0123456789abcdef".repeat(3)}` }),
  ],
});

const signUp = async (name) => {
  const answer = await auth.api.signUpEmail({ body: { name, email: `${name}@example.test`, password: `lab-${name}-Password-1` }, returnHeaders: true });
  const cookies = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  return { id: answer.response.user.id, headers: new Headers({ cookie: cookies.join("; ") }) };
};
const alice = await signUp("alice");
const bob = await signUp("bob");
const addClient = async (scope, more) => {
  const { client_id } = await auth.api.adminCreateOAuthClient({ headers: alice.headers, body: { redirect_uris: ["https://web.example.test/back"], scope, ...more } });
  tables.oauthClientResource.push({ id: client_id, clientId: client_id, resourceId: audience, createdAt: new Date() });
};
await addClient("read write", { grant_types: ["client_credentials"], client_credentials_scopes: ["read", "write"] });
await addClient("read", { grant_types: ["client_credentials"], client_credentials_scopes: ["read"] });
await addClient("read", { grant_types: ["authorization_code"] });
await addClient("read write", { grant_types: ["client_credentials"], client_credentials_scopes: ["read", "write"], token_endpoint_auth_method: "client_secret_post" });
for (const [user, permissions] of [[alice, ["read", "write"]], [bob, ["read"]]]) {
  await auth.api.createApiKey({ body: { userId: user.id, permissions: { notes: permissions } } });
}

const { getProtectedResourceMetadata, verifyAccessTokenRequest } = oauthProviderResourceClient(auth).getActions();
const byToken = async (request, scopes) => {
  const asked = new Request(`${base}${request.url}`, { method: request.method, headers: request.headers });
  await verifyAccessTokenRequest(asked, { verifyOptions: { issuer: `${base}/api/auth`, audience }, jwksUrl: `${base}/api/auth/jwks`, requiredScopes: scopes });
};
// an opaque token has no audience, and only its own client may ask about it
const remoteVerify = { introspectUrl: `${base}/api/auth/oauth2/introspect`, clientId: "lab-opaque", clientSecret: "lab-opaque-Secret-0123456789abcdef", force: true, allowMissingAudience: true };
const byIntrospection = async (request, scopes) => {
  const asked = new Request(`${base}${request.url}`, { method: request.method, headers: request.headers });
  await verifyAccessTokenRequest(asked, { verifyOptions: { issuer: `${base}/api/auth`, audience }, remoteVerify, requiredScopes: scopes });
};
const byKey = async (request, scopes) => {
  const key = request.headers["x-api-key"] ?? "";
  const { valid } = await auth.api.verifyApiKey({ body: { key } });
  const refuse = (status) => {
    throw Object.assign(new Error(), { statusCode: status, headers: { "WWW-Authenticate": "ApiKey" }, body: { error: status } });
  };
  if (!valid) refuse(401);
  if (scopes.length && !(await auth.api.verifyApiKey({ body: { key, permissions: { notes: scopes } } })).valid) refuse(403);
};

const notes = ["a77be019c3"];
const answerTo = async (request, verify, what) => {
  if (what === "secret" && ["GET", "HEAD"].includes(request.method)) {
    await verify(request, []);
    return [200, { area: "secret", order: "c41f7a90d2" }];
  }
  if (what === "notes" && ["GET", "HEAD"].includes(request.method)) {
    await verify(request, ["read"]);
    return [200, { notes }];
  }
  if (what === "notes" && request.method === "POST") {
    await verify(request, ["write"]);
    let body = "";
    for await (const part of request) body += part;
    notes.push(JSON.parse(body).note);
    return [201, { saved: notes.length, id: "5be10c92aa" }];
  }
  return [404, { error: "not found" }];
};
const handler = toNodeHandler(auth);
const server = http.createServer(async (request, response) => {
  const [, first, second] = request.url.split("?")[0].split("/");
  const send = (status, body, headers = {}) => response.writeHead(status, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(body));
  if (request.url === "/.well-known/oauth-protected-resource/api") {
    return send(200, await getProtectedResourceMetadata({ resource: audience, authorization_servers: [`${base}/api/auth`], scopes_supported: ["read", "write"] }));
  }
  if ((first === "api" && second === "auth") || first === ".well-known") return handler(request, response);
  try {
    const verify = { api: byToken, opaque: byIntrospection, keys: byKey }[first];
    send(...(verify ? await answerTo(request, verify, second) : [404, { error: "not found" }]));
  } catch (error) {
    if (!error.statusCode) console.error(error);
    send(error.statusCode ?? 500, error.body ?? { error: "server error" }, Object.fromEntries(new Headers(error.headers)));
  }
});
server.listen(Number(process.env.PORT), "127.0.0.1");
