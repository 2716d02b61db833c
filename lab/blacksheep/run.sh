#!/usr/bin/env bash
# BlackSheep: its JWT bearer authentication, as its documentation has it, with a key set in memory.
. "$(dirname "$0")/../lib/start.sh"
python_packages
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out issuer.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out second.pem
export PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --app-dir "$HERE" --host 127.0.0.1 --port "$PORT" --log-level warning app:app
