#!/usr/bin/env bash
# @fastify/session, @fastify/csrf-protection and @fastify/formbody: the examples of their READMEs in one application.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
