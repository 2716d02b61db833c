// The default configuration without the registry that it asks for what it does not have, and a file of accounts.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import bcrypt from "bcryptjs";

const require = createRequire(import.meta.url);
const defaults = readFileSync(require.resolve("@verdaccio/config/build/conf/default.yaml"), "utf8");
writeFileSync("data/config.yaml", defaults.replace(/^\s*proxy: npmjs$/gm, ""));
const users = { john: "lab-Password-1", jane: "lab-Password-2", colon: "lab:Password:3", utf8: "lab-Pässwörd-4" };
writeFileSync("data/htpasswd", Object.entries(users).map(([name, password]) => `${name}:${bcrypt.hashSync(password, 10)}:autocreated 2026-11-01T00:00:00.000Z\n`).join(""));
