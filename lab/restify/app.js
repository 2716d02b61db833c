// The authorizationParser of restify for Basic, and restify-jwt-community for bearer tokens, as their documentation shows them.
const restify = require("restify");
const jwt = require("restify-jwt-community");
const { UnauthorizedError } = require("restify-errors");

const users = new Map([["alice", "lab-Password-1"], ["bob", "lab-Password-2"], ["carl", "lab:Pass:word-3"]]);
const notes = [];
const server = restify.createServer({ name: "lab" });
server.use(restify.plugins.authorizationParser());
server.use(restify.plugins.queryParser());
server.use(restify.plugins.bodyParser());

const basic = (request, response, next) => {
  const { username } = request;
  if (username === "anonymous" || !users.has(username) || request.authorization.basic?.password !== users.get(username)) {
    response.header("WWW-Authenticate", 'Basic realm="lab"');
    return next(new UnauthorizedError("wrong user or password"));
  }
  return next();
};
const token = jwt({ secret: "lab-signing-key-0123456789-0123456789" });
const save = (request, response, next) => {
  response.send({ saved: notes.push(request.body && request.body.note), id: "5be10c92aa" });
  return next();
};
server.get("/health", (request, response, next) => (response.send({ ready: true }), next()));
server.get("/basic/order", basic, (request, response, next) => (response.send({ order: "a77be019c3" }), next()));
server.post("/basic/notes", basic, save);
server.get("/protected", token, (request, response, next) => (response.send({ order: "c41f7a90d2", user: request.user?.sub }), next()));
server.post("/protected/notes", token, save);
server.listen(Number(process.env.PORT), "127.0.0.1");
