#!/usr/bin/env bash
# http-message-signatures for Node.js, in a small application of Express; a key for each algorithm is made at the start.
. "$(dirname "$0")/../lib/start.sh"
node_packages
make_key() {
  openssl genpkey "${@:2}" -out "$1.pem" 2> /dev/null
  openssl pkey -in "$1.pem" -pubout -out "$1.pub.pem"
}
printf 'lab-secret-0123456789-0123456789' > hmac.key
make_key ed25519 -algorithm ED25519
make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
make_key pss -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
cp "$HERE/app.mjs" .
exec node app.mjs
