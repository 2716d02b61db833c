#!/usr/bin/env bash
# pyramid_jwt: the example of its README, behind waitress.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
exec venv/bin/python "$HERE/app.py"
