#!/usr/bin/env bash
# Twisted Web: resources behind HTTPAuthSessionWrapper with Basic and with Digest, as its documentation has it.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python "$HERE/app.py"
