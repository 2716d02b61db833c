#!/usr/bin/env bash
# @fastify/bearer-auth: the example of its README, with two keys.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
