#!/usr/bin/env bash
# Django REST framework: TokenAuthentication with its login view, and BasicAuthentication, behind gunicorn.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -c "import app"
exec venv/bin/gunicorn --bind "127.0.0.1:$PORT" --workers 1 --threads 8 --log-level warning app:application
