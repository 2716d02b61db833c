#!/usr/bin/env bash
# django-oidc-provider: an OpenID Connect provider in SQLite with client credentials, passwords, refresh and introspection, and views behind its decorator.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f lab.sqlite3
cp "$HERE/app.py" "$HERE/seed.py" .
export PORT
venv/bin/python app.py migrate --verbosity 0
venv/bin/python app.py creatersakey > creatersakey.log
venv/bin/python app.py shell < seed.py
exec venv/bin/python app.py runserver --noreload "127.0.0.1:$PORT"
