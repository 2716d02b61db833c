#!/usr/bin/env bash
# @jmondi/oauth2-server with express and repositories in memory: client credentials, introspection, revocation, JWTs.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
