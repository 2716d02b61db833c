#!/usr/bin/env bash
# falcon-auth2: its Basic and JWT backends, as its documentation has them.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$HERE"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:app
