// oidc-provider as the authorization server that mod_auth_openidc asks about opaque tokens.
import { readFileSync } from "node:fs";
import https from "node:https";

// oidc-provider asks for Node.js 22; this is all that it uses of it
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { Provider } = await import("oidc-provider");

const client = (client_id, client_secret, scope) => ({ client_id, client_secret, scope, grant_types: ["client_credentials"], response_types: [], redirect_uris: [] });
const provider = new Provider(`http://127.0.0.1:${process.env.PORT_2}/issuer`, {
  clients: [
    client("lab-service", "lab-service-Secret-0123456789abcdef", "read write"),
    client("lab-writer", "lab-writer-Secret-0123456789abcdef", "write"),
    client("lab-apache", "lab-apache-Secret-0123456789abcdef"),
  ],
  scopes: ["read", "write"],
  ttl: { ClientCredentials: Number(process.env.LIFETIME) },
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true } },
});
const options = { key: readFileSync("server.key"), cert: readFileSync("server.pem") };
https.createServer(options, provider.callback()).listen(Number(process.env.ISSUER_TLS_PORT), "127.0.0.1");
provider.listen(Number(process.env.ISSUER_PORT), "127.0.0.1");
