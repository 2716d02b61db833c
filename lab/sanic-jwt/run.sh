#!/usr/bin/env bash
# Sanic JWT: the example of its documentation, with refresh tokens.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python "$HERE/app.py"
