// Orders behind signatures of RFC 9421, verified by http-message-sig with the policy of its README; one prefix for each of its
// algorithms. The library leaves the body to its caller.
import { createHash, createPublicKey, webcrypto as nodeCrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { isSignatureError, verifySignature, webcrypto } from "http-message-sig";
import { parseDictionary } from "structured-headers";

const algorithms = { ed25519: [{ name: "Ed25519" }, "ed25519"], pss: [{ name: "RSA-PSS", hash: "SHA-512" }, "rsa-pss-sha512"] };
const verifiers = new Map();
for (const [id, [parameters, algorithm]] of Object.entries(algorithms)) {
  const der = createPublicKey(readFileSync(`${id}.pub.pem`)).export({ type: "spki", format: "der" });
  verifiers.set(id, { algorithm, verifier: webcrypto.verifier(await nodeCrypto.subtle.importKey("spki", der, parameters, true, ["verify"])) });
}
const orders = new Map([["c41f7a90d2", { order: "c41f7a90d2", item: "a lamp of brass" }]]);

// every digest that is named has to be right, and one that we know has to be there
function digestIsRight(field, body) {
  const digests = [...parseDictionary(field)];
  const right = ([name, [value]]) =>
    ["sha-256", "sha-512"].includes(name) && createHash(name.replace("-", "")).update(body).digest().equals(Buffer.from(value));
  return digests.length > 0 && digests.every(right);
}

async function verify(id, request, body) {
  const { algorithm, verifier } = verifiers.get(id);
  const requiredComponents = ["@method", "@authority", "@path"];
  if (body.length > 0) requiredComponents.push("content-digest");
  await verifySignature(new Request(`http://${request.headers.host}${request.url}`, { method: request.method, headers: fieldsOf(request) }), {
    policy: { algorithms: [algorithm], requiredComponents, requiredParameters: ["created", "keyid"], maxAge: 300, clockSkew: 5 },
    resolveVerifier(untrustedCandidate) {
      if (untrustedCandidate.parameters.keyid !== id) throw new Error("unknown key");
      return verifier;
    },
  });
  const digest = request.headers["content-digest"];
  return digest === undefined || digestIsRight(digest, body);
}

function fieldsOf(request) {
  const fields = new Headers();
  for (let at = 0; at < request.rawHeaders.length; at += 2) fields.append(request.rawHeaders[at], request.rawHeaders[at + 1]);
  return fields;
}

const json = (response, status, value) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));

http
  .createServer(async (request, response) => {
    try {
      const [, area, kind, order] = request.url.split("?")[0].split("/");
      if (area === "health") return response.end("ready\n");
      if (!verifiers.has(area) || kind !== "orders") return json(response, 404, { error: "not found" });
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      const body = Buffer.concat(pieces);
      const verified = await verify(area, request, body).catch((error) => {
        if (isSignatureError(error)) return false;
        throw error;
      });
      if (!verified) return json(response, 401, { error: "invalid signature" });
      if (order === undefined || order === "") return json(response, 200, [...orders.values()]);
      if (request.method === "PUT") orders.set(order, JSON.parse(body));
      return json(response, orders.has(order) ? 200 : 404, orders.get(order) ?? { error: "not found" });
    } catch {
      json(response, 400, { error: "bad request" });
    }
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
