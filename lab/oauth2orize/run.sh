#!/usr/bin/env bash
# OAuth2orize: its example with all grants, without the pages.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
