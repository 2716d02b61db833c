#!/usr/bin/env bash
# passport-jwt: the example of its README, in Express.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
