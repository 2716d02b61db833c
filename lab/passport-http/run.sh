#!/usr/bin/env bash
# passport-http in Express: the strategies for Basic and Digest of its README.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
