#!/usr/bin/env bash
# Piccolo API: sessions with CSRF tokens, a change of passwords, and tokens, as its documentation mounts them, in SQLite.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f lab.sqlite
cp "$HERE/app.py" "$HERE/piccolo_conf.py" "$HERE/seed.py" .
venv/bin/python seed.py
exec venv/bin/uvicorn app:app --host 127.0.0.1 --port "$PORT"
