#!/usr/bin/env bash
# OpenAuth: on PORT an API that verifies with its client, on PORT_2 the issuer of its README with passwords.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out issuer.key 2> /dev/null
cp "$HERE/app.mjs" .
exec node app.mjs
