#!/usr/bin/env bash
# Litestar: the JWT backend of its documentation.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --app-dir "$HERE" --host 127.0.0.1 --port "$PORT" --log-level warning app:app
