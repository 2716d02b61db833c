#!/usr/bin/env bash
# Flask-AppBuilder 5: REST API with JWTs of its login, roles, and its pages with a session (quick start of its documentation).
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.db
export LIFETIME="${LIFETIME:-20}" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$HERE
(venv/bin/python -c 'import app' > /dev/null 2>&1)
exec venv/bin/gunicorn -w 1 --threads 8 --log-level warning -b "127.0.0.1:$PORT" app:app
