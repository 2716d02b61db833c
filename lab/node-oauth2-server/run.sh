#!/usr/bin/env bash
# @node-oauth/express-oauth-server with a model in memory: client credentials, password and refresh tokens.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
