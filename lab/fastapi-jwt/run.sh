#!/usr/bin/env bash
# fastapi-jwt: the example of its README, access and refresh tokens.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --app-dir "$HERE" --host 127.0.0.1 --port "$PORT" --log-level warning app:app
