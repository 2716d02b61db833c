#!/usr/bin/env bash
# passport-headerapikey in Express: the example of its README.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
