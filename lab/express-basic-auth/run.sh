#!/usr/bin/env bash
# express-basic-auth: the examples of its README, without and with a challenge.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
