#!/usr/bin/env bash
# CherryPy: its tools auth_basic and auth_digest, as its documentation configures them.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python "$HERE/app.py"
