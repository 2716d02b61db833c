#!/usr/bin/env bash
# Calibre-Web with a library of two books, an administrator and two users; on the second port without its limits of failed logins.
. "$(dirname "$0")/../lib/start.sh"
python_packages
start() {
  rm -rf "$1" && mkdir -p "$1/data" && cd "$1"
  PORT=$2 LAB_LIMITS=$3 CALIBRE_DBPATH=data ../venv/bin/python "$HERE/seed.py" > seed.log 2>&1
  export CALIBRE_DBPATH=data
}
(start limits-on "$PORT" on; exec ../venv/bin/cps -p data -i 127.0.0.1) &
start limits-off "$PORT_2" off
exec ../venv/bin/cps -p data -i 127.0.0.1
