#!/usr/bin/env bash
# Better Auth with its OAuth provider and its API keys, and an API of ours that verifies with its functions.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}"
exec node app.mjs
