// The issuer of the README of OpenAuth, with its provider of passwords, and the API of its examples, which verifies with `client.verify`.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { issuer } from "@openauthjs/openauth";
import { createClient } from "@openauthjs/openauth/client";
import { PasswordProvider } from "@openauthjs/openauth/provider/password";
import { MemoryStorage } from "@openauthjs/openauth/storage/memory";
import { createSubjects } from "@openauthjs/openauth/subject";
import { PasswordUI } from "@openauthjs/openauth/ui/password";
import { Hono } from "hono";
import { object, string } from "valibot";

// Node.js 20 has none, and the storage in memory needs it
Array.fromAsync ??= async (values) => {
  const all = [];
  for await (const value of values) all.push(value);
  return all;
};
const [port, second] = [process.env.PORT, process.env.PORT_2].map(Number);
const subjects = createSubjects({ user: object({ id: string() }) });
const codes = {};
const storage = MemoryStorage();
const privateKey = readFileSync("issuer.key", "utf8");
const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" });
await storage.set(["signing:key", "lab-1"], { id: "lab-1", publicKey, privateKey, created: Date.now(), alg: "ES256" });

const app = issuer({
  subjects,
  storage,
  providers: {
    password: PasswordProvider(
      PasswordUI({
        sendCode: async (email, code) => {
          codes[email] = code;
        },
        validatePassword: (password) => (password.length < 8 ? "Password must be at least 8 characters" : undefined),
      }),
    ),
  },
  success: async (ctx, value) => ctx.subject("user", { id: value.email }),
});

const register = async (email, password) => {
  const jar = {};
  const send = async (path, form) => {
    const cookie = Object.entries(jar).map(([name, value]) => `${name}=${value}`).join("; ");
    const options = form ? { method: "POST", body: new URLSearchParams(form) } : {};
    const answer = await app.request(`http://127.0.0.1:${second}${path}`, { ...options, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(";");
      jar[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);
    }
    return answer;
  };
  await send("/authorize?client_id=web&redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2Fback&response_type=code&state=lab");
  await send("/password/register");
  await send("/password/register", { action: "register", email, password, repeat: password });
  const answer = await send("/password/register", { action: "verify", code: codes[email] });
  if (answer.status !== 302) throw new Error(`${email} is not registered: ${answer.status}`);
};
await register("alice@example.com", "lab-alice-Password-1");
await register("bob@example.com", "lab-bob-Password-1");

const client = createClient({ clientID: "lab-api", issuer: `http://127.0.0.1:${second}` });
const api = new Hono();
api.get("/me", async (c) => {
  const authHeader = c.req.header("Authorization");
  if (!authHeader) return c.json({ error: "No token" }, 401);
  const verified = await client.verify(subjects, authHeader.split(" ")[1]);
  if (verified.err) return c.json({ error: "Unauthorized" }, 401);
  return c.json(verified.subject);
});
serve({ fetch: app.fetch, port: second, hostname: "127.0.0.1" });
serve({ fetch: api.fetch, port, hostname: "127.0.0.1" });
