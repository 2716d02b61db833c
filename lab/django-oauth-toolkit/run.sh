#!/usr/bin/env bash
# Django OAuth Toolkit: authorization server with introspection and revocation, and a resource that its own view protects.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
export LIFETIME="${LIFETIME:-20}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -c "import app"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:application
