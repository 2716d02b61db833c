#!/usr/bin/env bash
# django-rest-knox: opaque tokens of Django REST framework, obtained with Basic.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
export LIFETIME="${LIFETIME:-10}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -c "import app"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:application
