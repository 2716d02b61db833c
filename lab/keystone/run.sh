#!/usr/bin/env bash
# OpenStack Identity (Keystone): a token in X-Subject-Token, sent in X-Auth-Token.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf keystone.sqlite3 fernet && mkdir fernet
cat > keystone.conf <<CONF
[database]
connection = sqlite:///$WORK/keystone.sqlite3
[fernet_tokens]
key_repository = $WORK/fernet
[fernet_receipts]
key_repository = $WORK/fernet
[token]
provider = fernet
expiration = ${LIFETIME:-20}
allow_expired_window = 0
[DEFAULT]
public_endpoint = http://127.0.0.1:$PORT
CONF
manage() { venv/bin/keystone-manage --config-file keystone.conf "$@"; }
manage db_sync
manage fernet_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)"
manage bootstrap --bootstrap-password lab-Password-1 --bootstrap-public-url "http://127.0.0.1:$PORT/v3" --bootstrap-region-id lab
export OS_KEYSTONE_CONFIG_DIR=$WORK
# Keystone reads the arguments of its process: they are none of the server's
exec venv/bin/python - <<SERVE
import sys
sys.argv = ["keystone"]
from keystone.wsgi.api import application
from waitress import serve
serve(application, listen="127.0.0.1:$PORT", threads=8)
SERVE
