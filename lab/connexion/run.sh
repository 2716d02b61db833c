#!/usr/bin/env bash
# Connexion 3: the examples of its documentation for security by OpenAPI, with API keys, Basic and JWTs.
. "$(dirname "$0")/../lib/start.sh"
python_packages
cp "$HERE/app.py" "$HERE/openapi.yaml" .
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$WORK" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --host 127.0.0.1 --port "$PORT" --log-level warning app:app
