#!/usr/bin/env bash
# AuthX on FastAPI: the quick start of its README, and what its documentation has for scopes, refresh tokens, cookies and a blocklist.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --app-dir "$HERE" --host 127.0.0.1 --port "$PORT" --log-level warning app:app
