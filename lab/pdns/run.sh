#!/usr/bin/env bash
# PowerDNS: its HTTP API behind one key, with zones in SQLite; and the statistics of its webserver behind Basic.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -f zones.sqlite
python3 - "$DEBIAN_ROOT/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql" <<'PY'
import sqlite3, sys
base = sqlite3.connect("zones.sqlite")
base.executescript(open(sys.argv[1]).read())
base.execute("insert into domains (id, name, type) values (1, 'lab.example', 'NATIVE')")
base.execute("insert into records (domain_id, name, type, content, ttl) values (1, 'lab.example', 'SOA', 'ns.lab.example host.lab.example 1 3600 600 86400 3600', 3600)")
base.execute("insert into records (domain_id, name, type, content, ttl) values (1, 'c41f7a90d2.lab.example', 'A', '127.0.0.1', 3600)")
base.commit()
PY
cat > pdns.conf <<CONF
module-dir=$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu/pdns
launch=gsqlite3
gsqlite3-database=$WORK/zones.sqlite
local-address=127.0.0.1
local-port=$PORT_2
socket-dir=$WORK
webserver=yes
webserver-address=127.0.0.1
webserver-port=$PORT
webserver-allow-from=127.0.0.1
webserver-password=lab-Password-1
api=yes
api-key=${LAB_KEY:-labKeyC41f7a90d2A77bE019c3xQ}
security-poll-suffix=
CONF
exec "$DEBIAN_ROOT/usr/sbin/pdns_server" --config-dir="$WORK" --daemon=no --guardian=no --disable-syslog --write-pid=no
