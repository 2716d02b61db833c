#!/usr/bin/env bash
# hapi with @hapi/basic: the example of its documentation, passwords hashed with bcrypt.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
