#!/usr/bin/env bash
# NestJS: the guard and the login of the chapter "Authentication" of its documentation.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.ts" .
node_modules/.bin/tsc --target es2022 --module commonjs --experimentalDecorators --emitDecoratorMetadata --skipLibCheck --noCheck app.ts
export LIFETIME="${LIFETIME:-10}"
exec node app.js
