#!/usr/bin/env bash
# An API that verifies DPoP-bound tokens with oauth4webapi, on PORT, and oidc-provider as the issuer of its tokens, on PORT_2.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
