// Orders behind signatures of RFC 9421, verified by http-message-signatures as its README shows it; one prefix for each algorithm.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";
import { createVerifier, httpbis } from "http-message-signatures";
import { parseDictionary } from "structured-headers";

const algorithms = {
  hmac: "hmac-sha256",
  ed25519: "ed25519",
  p256: "ecdsa-p256-sha256",
  p384: "ecdsa-p384-sha384",
  pss: "rsa-pss-sha512",
  rsa: "rsa-v1_5-sha256",
};
const keys = new Map(
  Object.entries(algorithms).map(([id, algorithm]) => {
    const key = readFileSync(id === "hmac" ? "hmac.key" : `${id}.pub.pem`);
    return [id, { id, algs: [algorithm], verify: createVerifier(key, algorithm) }];
  }),
);
const orders = new Map([["c41f7a90d2", { order: "c41f7a90d2", item: "a lamp of brass" }]]);

// the library leaves the body to its caller: every digest that is named has to be right, and one that we know has to be there
function digestIsRight(field, body) {
  const digests = [...parseDictionary(field)];
  const right = ([name, [value]]) =>
    ["sha-256", "sha-512"].includes(name) && createHash(name.replace("-", "")).update(body).digest().equals(Buffer.from(value));
  return digests.length > 0 && digests.every(right);
}

async function verify(request, response, next) {
  const body = request.body ?? Buffer.alloc(0);
  const fields = ["@method", "@authority", "@path", "@query"];
  if (body.length > 0) fields.push("content-digest");
  try {
    const verified = await httpbis.verifyMessage(
      {
        keyLookup: async ({ keyid }) => (keyid === request.params.algorithm ? keys.get(keyid) : null),
        requiredFields: fields,
        requiredParams: ["created", "keyid"],
        maxAge: 300,
        tolerance: 5,
      },
      { method: request.method, url: `${request.protocol}://${request.headers.host}${request.originalUrl}`, headers: request.headers },
    );
    const digest = request.headers["content-digest"];
    if (verified === true && (digest === undefined || digestIsRight(digest, body))) return next();
  } catch {
    // refused below
  }
  response.status(401).json({ error: "invalid signature" });
}

const app = express();
app.get("/health", (request, response) => response.send("ready\n"));
app.use("/:algorithm/orders", express.raw({ type: () => true }), verify);
app.get("/:algorithm/orders", (request, response) => response.json([...orders.values()]));
app.get("/:algorithm/orders/:order", (request, response) => {
  const order = orders.get(request.params.order);
  response.status(order ? 200 : 404).json(order ?? { error: "not found" });
});
app.put("/:algorithm/orders/:order", (request, response) => {
  orders.set(request.params.order, JSON.parse(request.body));
  response.json(orders.get(request.params.order));
});
app.listen(Number(process.env.PORT), "127.0.0.1");
