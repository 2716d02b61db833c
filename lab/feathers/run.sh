#!/usr/bin/env bash
# Feathers 5 with its services for users, local logins and JWTs.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
