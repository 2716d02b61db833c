// Express Gateway, made as `eg gateway create` makes one, with the policies of its documentation, its admin API and a backend of ours.
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");

const freePort = () =>
  new Promise((found) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

const notes = ["a77be019c3"];
const backend = http.createServer((request, response) => {
  const answer = (status, body) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  const what = new URL(request.url, "http://backend").pathname.split("/").pop();
  if (what === "orders" && ["GET", "HEAD"].includes(request.method)) return answer(200, { area: "orders", order: "c41f7a90d2" });
  if (what === "notes" && ["GET", "HEAD"].includes(request.method)) return answer(200, { notes });
  if (what === "notes" && request.method === "POST") {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      try {
        notes.push(JSON.parse(body).note);
      } catch {
        return answer(400, { error: "no JSON" });
      }
      answer(201, { saved: notes.length, id: "5be10c92aa" });
    });
    return;
  }
  answer(404, { error: "no such thing" });
});

async function main() {
  process.env.BACKEND_PORT = await freePort();
  process.env.ADMIN_PORT = await freePort();
  process.env.GATEWAY_PORT = await freePort();
  process.env.LIFETIME_MS = Number(process.env.LIFETIME) * 1000;
  await new Promise((listening) => backend.listen(process.env.BACKEND_PORT, "127.0.0.1", listening));
  await require("express-gateway")().load(path.join(__dirname, "config")).run();
  const admin = async (what, body) => {
    const answer = await fetch(`http://127.0.0.1:${process.env.ADMIN_PORT}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
    return answer.json().catch(() => ({}));
  };
  await admin("scopes", { scopes: ["read", "write"] });
  for (const [username, scopes] of [["alice", ["read", "write"]], ["bob", ["read"]]]) {
    await admin("users", { username, firstname: username, lastname: "Lab" });
    await admin("credentials", { consumerId: username, type: "basic-auth", credential: { password: `lab-${username}-Password-1`, scopes } });
    await admin("credentials", { consumerId: username, type: "key-auth", credential: { keyId: `lab${username}Key0123456789`, keySecret: `lab${username}KeySecret0123456789`, scopes } });
    await admin("credentials", { consumerId: username, type: "jwt", credential: { keyId: `lab-${username}-jwt`, keySecret: "unused-lab-key-secret" } });
    await admin("credentials", { consumerId: username, type: "oauth2", credential: { secret: `lab-${username}-Secret-1`, scopes } });
  }
  for (const [username, password] of [["long", `lab-${"0123456789".repeat(8)}`], ["colon", "lab:Password:2"], ["utf8", "lab-Pässwörd-3"]]) {
    await admin("users", { username, firstname: username, lastname: "Lab" });
    await admin("credentials", { consumerId: username, type: "basic-auth", credential: { password } });
  }
  // what is asked for on PORT finds all credentials: the gateway listens before its API can add them
  const pass = (from) => {
    const to = net.connect(process.env.GATEWAY_PORT, "127.0.0.1");
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
    from.pipe(to).pipe(from);
  };
  net.createServer({ noDelay: true }, pass).listen(process.env.PORT, "127.0.0.1");
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
