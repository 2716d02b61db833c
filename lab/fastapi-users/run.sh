#!/usr/bin/env bash
# FastAPI Users: the full example of its documentation, with SQLAlchemy and JWTs.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f test.db
export LIFETIME="${LIFETIME:-10}" PYTHONDONTWRITEBYTECODE=1
exec venv/bin/uvicorn --app-dir "$HERE" --host 127.0.0.1 --port "$PORT" --log-level warning app:app
