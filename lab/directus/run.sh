#!/usr/bin/env bash
# Directus 11 on SQLite: an administrator, a reader with a role, a public collection.
. "$(dirname "$0")/../lib/start.sh"
if ! cmp -s "$HERE/package-lock.json" installed-lock.json; then
  cp "$HERE/package.json" "$HERE/package-lock.json" .
  npm ci --silent --no-audit --no-fund >&2   # its SQLite and argon2 are built by their install scripts
  cp package-lock.json installed-lock.json
fi
rm -rf data.db uploads && mkdir -p uploads extensions
REAL=$PORT
export HOST=127.0.0.1 DB_CLIENT=sqlite3 DB_FILENAME=$WORK/data.db SECRET=lab-signing-key-0123456789-0123456789-0123456789 ADMIN_EMAIL=alice@example.com ADMIN_PASSWORD=lab-Password-1
export TELEMETRY=false LOG_LEVEL=warn STORAGE_LOCAL_ROOT=$WORK/uploads WEBSOCKETS_ENABLED=false ACCESS_TOKEN_TTL="${LIFETIME:-20}s"
npx directus bootstrap > bootstrap.log 2>&1
PORT=$((REAL + 1)) node node_modules/directus/cli.js start > seed.log 2>&1 & starter=$!
for _ in $(seq 60); do curl -sf "http://127.0.0.1:$((REAL + 1))/server/ping" > /dev/null && break; sleep 0.5; done
python3 "$HERE/seed.py" "http://127.0.0.1:$((REAL + 1))"
kill $starter; wait $starter || true
export PORT=$REAL PUBLIC_URL=http://127.0.0.1:$REAL
exec node node_modules/directus/cli.js start
