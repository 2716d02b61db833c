#!/usr/bin/env bash
# dj-rest-auth: its endpoints for login, logout, user and password in front of Django REST framework, with tokens and sessions.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -c "import app"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:application
