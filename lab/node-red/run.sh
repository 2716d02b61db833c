#!/usr/bin/env bash
# Node-RED with its own user login: the password grant of OAuth2, opaque bearer tokens.
. "$(dirname "$0")/../lib/start.sh"
node_packages
rm -rf data && mkdir data
cat > settings.js <<'SETTINGS'
const hash = (password) => require("bcryptjs").hashSync(password, 8);
module.exports = {
  uiHost: "127.0.0.1",
  credentialSecret: "lab-credential-secret",
  telemetry: { enabled: false },
  editorTheme: { tours: false },
  adminAuth: {
    type: "credentials",
    sessionExpiryTime: Number(process.env.LIFETIME || 10),
    users: [
      { username: "alice", password: hash("lab-Password-1"), permissions: "*" },
      { username: "bob", password: hash("lab-Password-2"), permissions: "read" },
    ],
  },
};
SETTINGS
# a login can end the process: it is started again, as a service manager does
while true; do
  node node_modules/node-red/red.js --port "$PORT" --userDir data --settings settings.js || true
  sleep 1
done
