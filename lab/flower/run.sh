#!/usr/bin/env bash
# Flower 2 with the option --basic-auth of its documentation, a queue in files, and a worker of Celery with one task.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf queue control results && mkdir -p queue control results
cp "$HERE/tasks.py" .
venv/bin/celery -A tasks worker --pool solo --loglevel warning &
exec venv/bin/celery -A tasks flower --address=127.0.0.1 --port="$PORT" --basic-auth=alice:lab-Password-1,bob:lab-Password-2
