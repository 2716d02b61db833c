#!/usr/bin/env bash
# express-jwt: the example of its README with HS256, a route with a scope, and a handler of errors.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
