#!/usr/bin/env bash
# Fastify with @fastify/basic-auth and @fastify/bearer-auth: the examples of their READMEs.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
