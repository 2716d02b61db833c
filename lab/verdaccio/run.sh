#!/usr/bin/env bash
# Verdaccio, a registry of npm packages: its default configuration, with accounts of the lab.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/prepare.mjs" .
rm -rf data && mkdir data
node prepare.mjs
exec node node_modules/verdaccio/bin/verdaccio --config data/config.yaml --listen "127.0.0.1:$PORT"
