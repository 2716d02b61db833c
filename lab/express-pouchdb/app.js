// The example of the README of express-pouchdb, with databases in memory: the interface of CouchDB at the root.
const express = require("express");
const PouchDB = require("pouchdb-core").plugin(require("pouchdb-adapter-memory")).plugin(require("pouchdb-mapreduce")).plugin(require("pouchdb-replication")).plugin(require("pouchdb-find"));

const app = express();
app.use("/", require("express-pouchdb")(PouchDB.defaults({ adapter: "memory" }), { configPath: "./config.json", logPath: "./log.txt" }));
// the accounts are made on PORT_2; run.sh says when that is done
app.listen(Number(process.env.PORT_2), "127.0.0.1");
process.on("SIGUSR2", () => app.listen(Number(process.env.PORT), "127.0.0.1"));
