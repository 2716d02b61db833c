// An API that oauth4webapi guards, as its documentation of validateJwtAccessToken says, and an issuer of DPoP-bound tokens.
import { createPrivateKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { allowInsecureRequests, validateJwtAccessToken } from "oauth4webapi";

// oidc-provider asks for Node.js 22; this is all that it uses of it
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { Provider, errors } = await import("oidc-provider");

const origin = `http://127.0.0.1:${process.env.PORT}`;
const issuer = `http://127.0.0.1:${process.env.PORT_2}`;
const audience = "https://api.example.test";
const lifetime = Number(process.env.LIFETIME);

const client = (client_id, client_secret, scope) => ({ client_id, client_secret, scope, dpop_bound_access_tokens: true, grant_types: ["client_credentials"], response_types: [], redirect_uris: [] });
const provider = new Provider(issuer, {
  clients: [client("lab-service", "lab-service-Secret-0123456789abcdef", "read write"), client("lab-reader", "lab-reader-Secret-0123456789abcdef", "read")],
  jwks: { keys: [{ ...createPrivateKey(readFileSync("issuer.key")).export({ format: "jwk" }), kid: "lab-1", use: "sig", alg: "RS256" }] },
  scopes: ["read", "write"],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        if (resource !== audience) throw new errors.InvalidTarget();
        return { audience, scope: "read write", accessTokenTTL: lifetime, accessTokenFormat: "jwt" };
      },
    },
  },
});
const signingAlgorithms = ["RS256", "ES256", "EdDSA"];
const authorizationServer = { issuer, jwks_uri: `${issuer}/jwks` };

// RFC 9449 §9: the nonces of this server, of which the former one counts as well
let nonces = [randomBytes(16).toString("base64url"), ""];
setInterval(() => (nonces = [randomBytes(16).toString("base64url"), nonces[0]]), 60_000);
const nonceOf = (proof) => JSON.parse(Buffer.from(proof.split(".")[1], "base64url").toString()).nonce;

const notes = ["a77be019c3"];
const routes = {
  "GET /secret": { answer: () => [200, { area: "secret", order: "c41f7a90d2" }] },
  "GET /notes": { scope: "read", answer: () => [200, { notes }] },
  "POST /notes": {
    scope: "write",
    answer: (body) => {
      notes.push(JSON.parse(body).note);
      return [201, { saved: notes.length, id: "5be10c92aa" }];
    },
  },
};

const api = async (message) => {
  const { pathname } = new URL(message.url, origin);
  const withNonce = pathname.startsWith("/nonces/");
  const method = message.method === "HEAD" ? "GET" : message.method;
  const route = routes[`${method} ${withNonce ? pathname.slice(7) : pathname}`];
  if (!route) return [404, { error: "not_found" }];
  const challenge = (status, error) => [status, { error }, { "WWW-Authenticate": `DPoP ${error ? `error="${error}", ` : ""}algs="${signingAlgorithms.join(" ")}"` }];
  if (!message.headers.authorization) return challenge(401);
  let claims;
  try {
    const request = new Request(origin + message.url, { method: message.method, headers: message.headersDistinct });
    claims = await validateJwtAccessToken(authorizationServer, request, audience, { requireDPoP: true, signingAlgorithms, [allowInsecureRequests]: true });
  } catch {
    return challenge(401, "invalid_token");
  }
  const fresh = withNonce ? { "DPoP-Nonce": nonces[0] } : {};
  if (withNonce && !nonces.includes(nonceOf(message.headers.dpop) || "none")) {
    const [status, body, headers] = challenge(401, "use_dpop_nonce");
    return [status, body, { ...headers, ...fresh }];
  }
  if (route.scope && !claims.scope?.split(" ").includes(route.scope)) return challenge(403, "insufficient_scope");
  const body = await new Response(message).text();
  return [...route.answer(body), fresh];
};

const server = http.createServer(async (message, response) => {
  try {
    const [status, body, headers = {}] = await api(message);
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  } catch (error) {
    response.writeHead(error instanceof SyntaxError ? 400 : 500, { "Content-Type": "application/json" }).end("{}");
  }
});
provider.listen(Number(process.env.PORT_2), "127.0.0.1", () => server.listen(Number(process.env.PORT), "127.0.0.1"));
