#!/usr/bin/env bash
# aws4-express (the maintained fork @filen/aws4-express): the example of its README.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.mjs" .
exec node app.mjs
