#!/usr/bin/env bash
# express-session: the example for a login of its README.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
