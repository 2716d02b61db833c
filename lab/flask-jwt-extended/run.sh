#!/usr/bin/env bash
# Flask-JWT-Extended: the application of its documentation, with refresh tokens and a block list.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:app
