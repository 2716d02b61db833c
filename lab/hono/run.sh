#!/usr/bin/env bash
# Hono on Node.js: the middleware for Basic, bearer tokens and JWTs of its documentation.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
