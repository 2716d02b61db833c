#!/usr/bin/env bash
# Flask-Security-Too: the basic application of its documentation, with authentication tokens.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f lab.db
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python "$HERE/app.py"
