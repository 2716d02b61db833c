#!/usr/bin/env bash
# passport-local behind a form, with cookie-session and csurf: the examples of their READMEs.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.js" .
exec node app.js
