#!/usr/bin/env bash
# Moleculer with moleculer-web: the authorization of its documentation, with tokens of jsonwebtoken as in its example.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
