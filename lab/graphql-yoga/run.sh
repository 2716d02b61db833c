#!/usr/bin/env bash
# GraphQL Yoga 5 with its plug-in for JWTs, as its documentation has it.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.cjs" .
exec node app.cjs
