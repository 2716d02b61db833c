#!/usr/bin/env bash
# http-message-sig on Node's own server; a key for each algorithm is made at the start.
. "$(dirname "$0")/../lib/start.sh"
node_packages
make_key() {
  openssl genpkey "${@:2}" -out "$1.pem" 2> /dev/null
  openssl pkey -in "$1.pem" -pubout -out "$1.pub.pem"
}
make_key ed25519 -algorithm ED25519
make_key pss -algorithm RSA -pkeyopt rsa_keygen_bits:2048
cp "$HERE/app.mjs" .
exec node app.mjs
