#!/usr/bin/env bash
# An API in Flask that verifies DPoP proofs with pydpop and tokens with PyJWT, on PORT, and oidc-provider as the issuer of its tokens, on
# PORT_2.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
python_packages
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
cp "$HERE/issuer.mjs" .
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
node issuer.mjs &
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:app
