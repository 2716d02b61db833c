#!/usr/bin/env bash
# passport-http-bearer in Express: the strategy of its README, with two tokens of which one may not write.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
