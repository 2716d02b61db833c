#!/usr/bin/env bash
# Authlib: an authorization server and an API in Flask, after its documentation.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python "$HERE/app.py"
