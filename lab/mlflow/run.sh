#!/usr/bin/env bash
# MLflow: its tracking server with the application basic-auth, as its documentation starts it.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
rm -rf mlflow.db basic_auth.db mlartifacts mlruns
export MLFLOW_AUTH_ADMIN_PASSWORD=lab-Password-0-admin MLFLOW_FLASK_SERVER_SECRET_KEY=lab-signing-key-0123456789-0123456789 MLFLOW_DISABLE_TELEMETRY=true
serve() { exec venv/bin/mlflow server --app-name basic-auth --host 127.0.0.1 --port "$1" --workers 1; }
# the accounts and what they own are made before the application answers on PORT
(set -m; serve "$PORT_2" > seed.log 2>&1 & echo $! > seed.pid)
send() { curl --silent --fail --output answer.txt --header "Content-Type: application/json" "http://127.0.0.1:$PORT_2$1" --user "$2" --data "$3"; }
create() { send /api/2.0/mlflow/users/create admin:lab-Password-0-admin "{\"username\": \"$1\", \"password\": \"$2\"}"; }
until create alice lab-Password-1; do sleep 0.5; done
create bob lab-Password-2
create carl lab:Pass:word-3
create dora Pässwört-4-long
create eric "lab-Password-$(printf '5%.0s' {1..80})x"
send /api/2.0/mlflow/experiments/create alice:lab-Password-1 '{"name": "lab-c41f7a90d2"}'
kill -- "-$(cat seed.pid)"
while kill -0 "$(cat seed.pid)" 2> /dev/null; do sleep 0.2; done
mkdir -p mlartifacts/1/a77be019c3/artifacts
echo "order 5be10c92aa" > mlartifacts/1/a77be019c3/artifacts/order.txt
serve "$PORT"
