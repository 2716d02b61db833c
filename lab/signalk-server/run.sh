#!/usr/bin/env bash
# Signal K server with the security that its first form sets up: an administrator, a user who writes and one who reads.
. "$(dirname "$0")/../lib/start.sh"
node_packages
rm -rf config && mkdir config
cat > config/settings.json <<JSON
{
  "interfaces": { "tcp": false, "nmea-tcp": false },
  "mdns": false,
  "ssl": false,
  "port": $PORT,
  "pipedProviders": [],
  "security": { "strategy": "./tokensecurity" }
}
JSON
node "$HERE/seed.cjs" > config/security.json
chmod 600 config/security.json
# 100 logins in ten minutes, the default, are fewer than the checks of three accounts need
export HTTP_RATE_LIMITS=login=100000 NODE_OPTIONS="--require=$HERE/loopback.cjs"
exec node node_modules/signalk-server/bin/signalk-server -c config
