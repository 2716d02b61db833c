#!/usr/bin/env bash
# Express Gateway with its policies key-auth, basic-auth, jwt and oauth2, its credentials in the Redis that it emulates.
. "$(dirname "$0")/../lib/start.sh"
node_packages
mkdir -p config/models
cp "$HERE/gateway.config.yml" "$HERE/system.config.yml" config
cp node_modules/express-gateway/lib/config/models/*.json config/models
cp "$HERE/server.cjs" .
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
openssl pkey -in issuer.key -pubout -out issuer.pem
export LIFETIME="${LIFETIME:-10}" KEY_FILE="$WORK/issuer.pem" EG_DISABLE_CONFIG_WATCH=true
exec node server.cjs
