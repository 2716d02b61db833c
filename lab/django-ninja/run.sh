#!/usr/bin/env bash
# Django Ninja: the authenticators of its documentation for keys in a header, a query and a cookie, and for bearer tokens.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --host 127.0.0.1 --port "$PORT" --log-level warning app:application
