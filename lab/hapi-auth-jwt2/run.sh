#!/usr/bin/env bash
# hapi with hapi-auth-jwt2: the example of its README.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
