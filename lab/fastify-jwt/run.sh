#!/usr/bin/env bash
# @fastify/jwt: the example of its README, with an ES256 key.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem 2> /dev/null
openssl pkey -in key.pem -pubout -out public.pem 2> /dev/null
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
