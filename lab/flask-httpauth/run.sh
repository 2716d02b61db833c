#!/usr/bin/env bash
# Flask-HTTPAuth: the examples of its documentation for Basic, Digest and tokens, on the server that Flask brings.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/flask --app app run --host 127.0.0.1 --port "$PORT"
