#!/usr/bin/env bash
# node oidc-provider: on PORT clients with DPoP and with assertions, on PORT_2 clients with certificates. Auth0's express-oauth2-jwt-bearer
# guards the API beside it.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
make_key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2> /dev/null; }
make_leaf() {
  make_key "$1"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$2" "$3") 2> /dev/null
}
make_self_signed() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2> /dev/null; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=lab CA" -keyout ca.key -out ca.pem 2> /dev/null
make_leaf server IP:127.0.0.1 serverAuth
make_leaf tls-service DNS:tls-service.lab.test clientAuth
make_leaf tls-reader DNS:tls-reader.lab.test clientAuth
make_self_signed self-service
make_self_signed self-reader
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
openssl genpkey -algorithm RSA -out rsa-service.key 2> /dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec-reader.key 2> /dev/null
cp "$HERE/app.mjs" .
export LIFETIME="${LIFETIME:-10}" NODE_EXTRA_CA_CERTS="$WORK/ca.pem"
exec node app.mjs
