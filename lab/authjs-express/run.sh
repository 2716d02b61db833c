#!/usr/bin/env bash
# Auth.js for Express: its example, with the Credentials provider and a secret that is made at the start. Some requests end the
# program; it is started again, as by a supervisor of processes.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
AUTH_SECRET=$(openssl rand -hex 32)
export AUTH_SECRET
while true; do node app.mjs || sleep 0.2; done
