#!/usr/bin/env bash
# H3 on Node.js: the middleware for Basic and the sealed sessions of its documentation.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
