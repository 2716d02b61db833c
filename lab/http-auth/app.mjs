// The examples of the README of http-auth: a server for Basic, and one for Digest, each with a file of users.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import http from "node:http";
import auth from "http-auth";

const realm = "Simon Area.";
const md5 = (text) => createHash("md5").update(text).digest("hex");
const sha1 = (text) => `{SHA}${createHash("sha1").update(text).digest("base64")}`;
const users = { john: "lab-Password-1", jane: "lab-Password-2", colon: "lab:Password:3", utf8: "lab-Pässwörd-4", long: "lab-Password-5-".padEnd(90, "x") };
writeFileSync("users.htpasswd", Object.entries(users).map(([name, password]) => `${name}:${sha1(password)}\n`).join(""));
writeFileSync("users.htdigest", Object.entries(users).map(([name, password]) => `${name}:${realm}:${md5(`${name}:${realm}:${password}`)}\n`).join(""));

const notes = ["a77be019c3"];
const area = (request, response) => {
  if (request.method === "POST") {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      notes.push(text);
      response.writeHead(201).end(`saved note ${notes.length} of ${request.user}\n`);
    });
  } else if (request.url.startsWith("/notes")) response.end(`notes of ${request.user}: ${notes.join(", ")}\n`);
  else response.end(`Welcome to private area - ${request.user}! Your order is c41f7a90d2.\n`);
};

const basic = auth.basic({ realm, file: "users.htpasswd" });
const digest = auth.digest({ realm, file: "users.htdigest" });
http.createServer(basic.check(area)).listen(Number(process.env.PORT), "127.0.0.1");
http.createServer(digest.check(area)).listen(Number(process.env.PORT_2), "127.0.0.1");
