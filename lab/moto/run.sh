#!/usr/bin/env bash
# moto server, an imitation of AWS for tests, with its check of signatures and rights on (INITIAL_NO_AUTH_ACTION_COUNT).
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
exec venv/bin/python "$HERE/server.py"
