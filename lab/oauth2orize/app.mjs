// The example "all grants" of OAuth2orize: Basic and the client password at its token endpoint, passport-http-bearer at the API, a store in
// memory; and its README's exchange for refresh tokens, with tokens that end. Its dialog asks each time.
import { randomBytes } from "node:crypto";
import { ensureLoggedIn } from "connect-ensure-login";
import express from "express";
import session from "express-session";
import oauth2orize from "oauth2orize";
import passport from "passport";
import { Strategy as BearerStrategy } from "passport-http-bearer";
import { BasicStrategy } from "passport-http";
import { Strategy as LocalStrategy } from "passport-local";
import { Strategy as ClientPasswordStrategy } from "passport-oauth2-client-password";

const lifetime = Number(process.env.LIFETIME);
const clients = [
  { clientId: "lab-service", clientSecret: "lab-service-Secret-1", redirectUri: "https://app.example.test/cb", scopes: ["read", "write"] },
  { clientId: "lab-reader", clientSecret: "lab-reader-Secret-1", redirectUri: "https://app.example.test/cb", scopes: ["read"] },
];
const users = [
  { id: "1", username: "alice", password: "lab-alice-Password-1", scopes: ["read", "write"] },
  { id: "2", username: "bob", password: "lab-bob-Password-1", scopes: ["read"] },
];
const accessTokens = new Map();
const refreshTokens = new Map();
const codes = new Map();
const makeToken = () => randomBytes(192).toString("base64url");

const verifyClient = (id, secret, done) => {
  const client = clients.find((one) => one.clientId === id);
  done(null, client && client.clientSecret === secret ? client : false);
};
passport.use(new BasicStrategy(verifyClient));
passport.use(new ClientPasswordStrategy(verifyClient));
passport.use(new LocalStrategy((name, password, done) => done(null, users.find((one) => one.username === name && one.password === password) ?? false)));
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => done(null, users.find((one) => one.id === id)));
passport.use(
  new BearerStrategy((value, done) => {
    const token = accessTokens.get(value);
    if (!token || token.expires <= Date.now()) return done(null, false);
    done(null, { id: token.owner }, { scope: token.scopes });
  }),
);

const server = oauth2orize.createServer();
const granted = (owner, scope) => (scope ? owner.scopes.filter((one) => scope.includes(one)) : owner.scopes);
const issue = (owner, scopes) => {
  const value = makeToken();
  accessTokens.set(value, { owner: owner.clientId ?? owner.username, scopes, expires: Date.now() + lifetime * 1000 });
  return [value, { expires_in: lifetime, scope: scopes.join(" ") }];
};
const isWider = (owner, scope) => Boolean(scope) && scope.some((one) => !owner.scopes.includes(one));
const invalidScope = () => new oauth2orize.TokenError("a scope is unknown or not allowed", "invalid_scope");

server.exchange(
  oauth2orize.exchange.clientCredentials((client, scope, done) => {
    if (isWider(client, scope)) return done(invalidScope());
    const [value, params] = issue(client, granted(client, scope));
    done(null, value, params);
  }),
);
const issueBoth = (client, user, scopes, done) => {
  const [value, params] = issue(user, scopes);
  const refresh = makeToken();
  refreshTokens.set(refresh, { clientId: client.clientId, user, scopes });
  done(null, value, refresh, params);
};
server.exchange(
  oauth2orize.exchange.password((client, username, password, scope, done) => {
    const user = users.find((one) => one.username === username && one.password === password);
    if (!user) return done(null, false);
    if (isWider(user, scope)) return done(invalidScope());
    issueBoth(client, user, granted(user, scope), done);
  }),
);
server.exchange(
  oauth2orize.exchange.refreshToken((client, value, scope, done) => {
    const held = refreshTokens.get(value);
    if (!held || held.clientId !== client.clientId) return done(null, false);
    refreshTokens.delete(value);
    issueBoth(client, held.user, held.scopes, done);
  }),
);
server.serializeClient((client, done) => done(null, client.clientId));
server.deserializeClient((id, done) => done(null, clients.find((one) => one.clientId === id)));
server.grant(
  oauth2orize.grant.code((client, redirectUri, user, ares, done) => {
    const code = randomBytes(12).toString("base64url");
    codes.set(code, { clientId: client.clientId, redirectUri, user });
    done(null, code);
  }),
);
// as in the example, a code is not removed by its use, and one that is not known is an error of the store
server.exchange(
  oauth2orize.exchange.code((client, code, redirectUri, done) => {
    const held = codes.get(code);
    if (!held) return done(new Error("Code Not Found"));
    if (client.clientId !== held.clientId) return done(null, false);
    if (redirectUri !== held.redirectUri) return done(null, false);
    issueBoth(client, held.user, held.user.scopes, done);
  }),
);

const app = express();
const notes = ["a77be019c3"];
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: false }));
app.use(passport.initialize());
app.use(passport.session());
app.get("/login", (_, response) => response.send('<form method="post"><input name="username"><input name="password"></form>'));
app.post("/login", passport.authenticate("local", { successReturnToOrRedirect: "/", failureRedirect: "/login", keepSessionInfo: true }));
app.get(
  "/dialog/authorize",
  ensureLoggedIn(),
  server.authorization((id, redirectUri, done) => {
    const client = clients.find((one) => one.clientId === id);
    // the README compares; the example does not, and warns
    done(null, client?.redirectUri === redirectUri && client, redirectUri);
  }),
  ({ oauth2 }, response) => response.send(`<form action="/dialog/authorize/decision" method="post"><input name="transaction_id" type="hidden" value="${oauth2.transactionID}"></form>`),
);
app.post("/dialog/authorize/decision", ensureLoggedIn(), server.decision());
app.post("/oauth/token", passport.authenticate(["basic", "oauth2-client-password"], { session: false }), server.token(), server.errorHandler());
const protect = (needed) => [
  passport.authenticate("bearer", { session: false, scope: needed }),
  (request, response, next) => {
    if (needed.every((one) => request.authInfo.scope.includes(one))) return next();
    response.status(403).set("WWW-Authenticate", `Bearer realm="Users", error="insufficient_scope", scope="${needed.join(" ")}"`).json({ error: "insufficient_scope" });
  },
];
app.get("/api/secret", protect([]), (_, response) => response.json({ area: "secret", order: "c41f7a90d2" }));
app.get("/api/notes", protect(["read"]), (_, response) => response.json({ notes }));
app.post("/api/notes", protect(["write"]), (request, response) => {
  notes.push(request.body.note);
  response.status(201).json({ saved: notes.length, id: "5be10c92aa" });
});
app.listen(Number(process.env.PORT), "127.0.0.1");
