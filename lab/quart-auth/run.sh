#!/usr/bin/env bash
# Quart-Auth: the example of its documentation on Hypercorn, with cookies on PORT and with bearer tokens on PORT_2.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$HERE"
MODE=bearer venv/bin/hypercorn --log-level error -b "127.0.0.1:$PORT_2" app:app &
trap 'kill $!' EXIT
MODE=cookie venv/bin/hypercorn --log-level error -b "127.0.0.1:$PORT" app:app
