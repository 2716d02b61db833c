#!/usr/bin/env bash
# Koa with koa-passport and koa-session: the example of their documentation, with passport-local.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
