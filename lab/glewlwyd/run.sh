#!/usr/bin/env bash
# Glewlwyd with its plug-in for OpenID Connect, its database in SQLite; clients and plug-in are added by its own API, as its web interface does.
# On PORT_2 an API that asks it about tokens.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
export LIFETIME="${LIFETIME:-10}"
rm -f glewlwyd.db
python3 - "$DEBIAN_ROOT/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3" <<'PY'
import sqlite3, sys

with open(sys.argv[1]) as file, sqlite3.connect("glewlwyd.db") as database:
    database.executescript(file.read())
PY
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
openssl pkey -in issuer.key -pubout -out issuer.pem
lib=$DEBIAN_ROOT/usr/lib/glewlwyd
configure() {
  cat > glewlwyd.conf <<CONF
port=$1
bind_address="127.0.0.1"
external_url="http://127.0.0.1:$PORT"
api_prefix="api"
log_mode="console"
log_level="INFO"
cookie_domain=""
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="$lib/user"
client_module_path="$lib/client"
user_auth_scheme_module_path="$lib/scheme"
plugin_module_path="$lib/plugin"
database = { type = "sqlite3"; path = "$WORK/glewlwyd.db"; };
CONF
}
# what is asked for on PORT finds the clients and the plug-in: they are added on another port first
other=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
configure "$other"
"$DEBIAN_ROOT/usr/bin/glewlwyd" --config-file="$WORK/glewlwyd.conf" &
ADMIN_PORT=$other python3 "$HERE/seed.py"
kill %1 && wait %1 || true
configure "$PORT"
python3 "$HERE/api.py" &
exec "$DEBIAN_ROOT/usr/bin/glewlwyd" --config-file="$WORK/glewlwyd.conf"
