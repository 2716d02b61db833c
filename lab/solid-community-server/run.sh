#!/usr/bin/env bash
# Community Solid Server 7 in memory: OpenID provider, client credentials with DPoP, and the pods of two users.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
export MODULES=$WORK/node_modules SEED=$HERE/seed.json
# a login can end it (see expected.yaml): it is started anew as a supervisor would do
while sleep 0.1; do node app.mjs || true; done
