#!/usr/bin/env bash
# django-tastypie: the resources of its tutorial, once behind API keys and once behind Basic.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -W ignore -c "import app"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:application
