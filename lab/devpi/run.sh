#!/usr/bin/env bash
# devpi-server: a new server with its own accounts, and one index.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
rm -rf server
venv/bin/devpi-init --serverdir server --no-root-pypi --root-passwd "${LAB_PASSWORD_ROOT:-lab-Password-0}"
serve() { exec venv/bin/devpi-server --serverdir server --secretfile secret --host 127.0.0.1 --port "$1"; }
head -c 48 /dev/urandom | base64 > secret
chmod 600 secret
# the accounts and the index are made before the application answers on PORT
serve "$PORT_2" &
first=$!
send() { curl --silent --fail --output answer.txt --header "Content-Type: application/json" "$@"; }
until send --request PUT "http://127.0.0.1:$PORT_2/alice" --data '{"password": "lab-Password-1"}'; do sleep 0.3; done
send --request PUT "http://127.0.0.1:$PORT_2/bob" --data '{"password": "lab-Password-2"}'
send --request PUT "http://127.0.0.1:$PORT_2/carl" --data '{"password": "lab:Pass:word-3"}'
send --request PUT "http://127.0.0.1:$PORT_2/dora" --data '{"password": "Pässwört-4"}'
send --request PUT "http://127.0.0.1:$PORT_2/eric" --data "{\"password\": \"lab-Password-$(printf '5%.0s' {1..80})x\"}"
send --request PUT "http://127.0.0.1:$PORT_2/alice/dev" --user alice:lab-Password-1 --data '{"bases": [], "volatile": true}'
kill "$first"
wait "$first" || true
serve "$PORT"
