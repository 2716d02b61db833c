#!/usr/bin/env bash
# Kinto: as `kinto init` configures it, with its storage in memory and its plugin accounts.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f kinto.ini
venv/bin/kinto init --quiet --ini kinto.ini --backend memory --cache-backend memory --host 127.0.0.1
exec venv/bin/python "$HERE/app.py"
