#!/usr/bin/env bash
# LoopBack 4: @loopback/authentication-jwt as its README and the example todo-jwt use it, in memory.
. "$(dirname "$0")/../lib/start.sh"
node_packages
cp "$HERE/app.ts" .
node -e 'const ts = require("typescript"), fs = require("fs"); fs.writeFileSync("app.js", ts.transpileModule(fs.readFileSync("app.ts", "utf8"), { compilerOptions: { module: "commonjs", target: "es2022", experimentalDecorators: true, emitDecoratorMetadata: true, useDefineForClassFields: false } }).outputText)'
exec node app.js
