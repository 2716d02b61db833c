#!/usr/bin/env bash
# json-server-auth: its quick start with guards, orders for all users and notes for their owner.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/make-db.mjs" .
node make-db.mjs
exec node node_modules/.bin/json-server-auth db.json --quiet --host 127.0.0.1 --port "$PORT" -r routes.json
