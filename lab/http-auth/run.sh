#!/usr/bin/env bash
# http-auth on Node's own server: the examples for Basic and Digest of its README, on PORT and PORT_2.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
