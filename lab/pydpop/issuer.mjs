// oidc-provider as an issuer of DPoP-bound tokens.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

// oidc-provider asks for Node.js 22; this is all that it uses of it
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { Provider, errors } = await import("oidc-provider");

const audience = "https://api.example.test";
const client = (client_id, client_secret, scope) => ({ client_id, client_secret, scope, dpop_bound_access_tokens: true, grant_types: ["client_credentials"], response_types: [], redirect_uris: [] });
const provider = new Provider(`http://127.0.0.1:${process.env.PORT_2}`, {
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
        return { audience, scope: "read write", accessTokenTTL: Number(process.env.LIFETIME), accessTokenFormat: "jwt" };
      },
    },
  },
});
provider.listen(Number(process.env.PORT_2), "127.0.0.1");
