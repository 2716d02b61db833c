// The middleware of the documentation of Hono: basicAuth, bearerAuth and jwt, each before routes of its own.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { jwt } from "hono/jwt";

const notes = ["a77be019c3"];
const app = new Hono();
app.use("/basic/*", basicAuth({ username: "hono", password: "lab-Password-1" }, { username: "john", password: "lab:Password:2" }, { username: "utf8", password: "lab-Pässwörd-3" }));
app.use("/bearer/*", bearerAuth({ token: ["lab-token-0123456789-abcdefghijk", "lab-token-9876543210-zyxwvutsrqp"] }));
app.use("/jwt/*", jwt({ secret: "lab-signing-key-0123456789-0123456789-0123456789", alg: "HS256" }));
app.get("/health", (c) => c.text("ready"));
for (const area of ["basic", "bearer", "jwt"]) {
  app.get(`/${area}/page`, (c) => c.json({ area, order: "c41f7a90d2", payload: c.get("jwtPayload") }));
  app.get(`/${area}/notes`, (c) => c.json({ notes }));
  app.post(`/${area}/notes`, async (c) => {
    notes.push((await c.req.json()).note);
    return c.json({ saved: notes.length, id: "5be10c92aa" }, 201);
  });
}
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });
