#!/usr/bin/env bash
# Roundup 2.6: the demo tracker of roundup-demo (template classic, SQLite), with an administrator and two users beside its own; on PORT_2
# the same without its limits of failed logins.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf demo unlimited
venv/bin/python "$HERE/seed.py" "$WORK/unlimited" "$PORT_2" unlimited >&2
venv/bin/roundup-server -u "$(id -u)" -p "$PORT_2" -n 127.0.0.1 demo="$WORK/unlimited" &
venv/bin/python "$HERE/seed.py" "$WORK/demo" "$PORT" >&2
exec venv/bin/roundup-server -u "$(id -u)" -p "$PORT" -n 127.0.0.1 demo="$WORK/demo"
