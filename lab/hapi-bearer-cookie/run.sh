#!/usr/bin/env bash
# hapi-auth-bearer-token and @hapi/cookie: the examples of their documentation.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
