// The server listens on all addresses, and has no setting for that: here on 127.0.0.1 only.
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (first, ...rest) {
  const port = typeof first === "object" && first !== null ? first.port : first;
  if (port === undefined || !/^\d+$/.test(port)) return listen.call(this, first, ...rest);
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, ...rest.filter((value) => typeof value === "function"));
};
