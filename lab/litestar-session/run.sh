#!/usr/bin/env bash
# Litestar: the example of its documentation for SessionAuth, with sessions on the server.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --host 127.0.0.1 --port "$PORT" --log-level warning app:app
