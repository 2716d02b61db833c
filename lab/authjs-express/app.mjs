// The example of Auth.js for Express (nextauthjs/express-auth-example) with the Credentials provider of its guide, roles as its guide
// to access control has them, a write and a page for administrators.
import crypto from "node:crypto";
import express from "express";
import { ExpressAuth, getSession } from "@auth/express";
import Credentials from "@auth/express/providers/credentials";

const hashed = (password, salt) => crypto.pbkdf2Sync(password, salt, 100000, 32, "sha256");
const users = new Map();
for (const [name, password, role] of [["alice", "lab-Password-1", "admin"], ["bob", "lab-Password-2", "user"]]) {
  const salt = crypto.randomBytes(16);
  users.set(name, { name, role, salt, hash: hashed(password, salt) });
}
const nobody = { salt: crypto.randomBytes(16), hash: crypto.randomBytes(32) };

const authConfig = {
  trustHost: true,
  providers: [
    Credentials({
      credentials: { username: { label: "Username" }, password: { label: "Password", type: "password" } },
      async authorize({ username, password }) {
        if (typeof username !== "string" || typeof password !== "string") return null;
        const user = users.get(username) ?? nobody;
        if (!crypto.timingSafeEqual(hashed(password, user.salt), user.hash)) return null;
        return { id: user.name, name: user.name, email: `${user.name}@example.test`, role: user.role };
      },
    }),
  ],
  callbacks: {
    jwt({ token, user }) {
      if (user) token.role = user.role;
      return token;
    },
    session({ session, token }) {
      session.user.role = token.role;
      return session;
    },
  },
};

async function authenticatedUser(request, response, next) {
  const session = response.locals.session ?? (await getSession(request, authConfig)) ?? undefined;
  response.locals.session = session;
  if (session) return next();
  response.status(401).json({ message: "Not Authenticated" });
}
async function currentSession(request, response, next) {
  response.locals.session = (await getSession(request, authConfig)) ?? undefined;
  return next();
}
function administrator(request, response, next) {
  if (response.locals.session?.user?.role === "admin") return next();
  response.status(403).json({ message: "Not Allowed" });
}

const app = express();
app.set("trust proxy", true);
app.use(express.urlencoded({ extended: true }));
app.use(express.json());
app.use(currentSession);
app.use("/api/auth/*", ExpressAuth(authConfig));

const notes = [];
app.get("/api/protected", authenticatedUser, (request, response) => response.json(response.locals.session));
app.get("/api/notes", authenticatedUser, (request, response) => response.json({ notes, count: notes.length }));
app.post("/api/notes", authenticatedUser, (request, response) => response.json({ saved: notes.push(request.body?.note ?? null) }));
app.get("/api/admin", authenticatedUser, administrator, (request, response) => response.json({ users: [...users.keys()] }));
app.get("/", (request, response) => response.json({ title: "Express Auth Example" }));
app.use((request, response, next) => next(Object.assign(new Error("Not Found"), { status: 404 })));
app.use((error, request, response, next) => {
  response.status(error.status || 500).json({ title: error.status ?? error.name, message: error.message });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
