#!/usr/bin/env bash
# Canaille: an identity server in SQLite, with users and clients that its commands make.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f canaille.db
cat > config.toml <<CONF
SECRET_KEY = "lab-signing-key-0123456789-0123456789-0123456789"
SERVER_NAME = "127.0.0.1:$PORT"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///canaille.db"
CONF
export CANAILLE_CONFIG=config.toml
canaille() { venv/bin/canaille "$@" > command.log 2>&1 || { cat command.log; exit 1; }; }
canaille install
canaille create user --user-name alice --family-name Doe --given-name Alice --emails alice@example.com --password lab-Password-1
canaille create user --user-name bob --family-name Roe --given-name Bob --emails bob@example.com --password lab-Password-2
client() { canaille create client --client-id "$1" --client-secret "$1-Secret-1" --client-name "$1" --redirect-uris "http://127.0.0.1/cb" --token-endpoint-auth-method client_secret_basic "${@:2}"; }
client lab-service --grant-types client_credentials --scope profile --scope email
client lab-reader --grant-types client_credentials --scope profile
client lab-web --grant-types password --grant-types refresh_token --scope openid --scope profile --scope email
client lab-code --grant-types authorization_code --grant-types refresh_token --response-types code --scope openid --scope profile
client lab-code-2 --grant-types authorization_code --grant-types refresh_token --response-types code --scope openid --scope profile
client lab-spare --grant-types client_credentials --scope profile
for name in lab-service lab-reader lab-web lab-spare; do canaille set client "$name" --audience lab-service; done
exec venv/bin/canaille run --bind "127.0.0.1:$PORT" --workers 1
