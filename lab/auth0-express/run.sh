#!/usr/bin/env bash
# Auth0's express-oauth2-jwt-bearer, with oauth2-mock-server as the issuer of its tokens.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
