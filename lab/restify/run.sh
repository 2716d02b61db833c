#!/usr/bin/env bash
# restify: its parser of Authorization, and tokens by restify-jwt-community.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.js" .
# it ends at a token whose claims are null, and is started anew as a supervisor would do
while sleep 0.1; do node app.js || true; done
