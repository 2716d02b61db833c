#!/usr/bin/env bash
# InfluxDB with authentication switched on: Basic, and JWTs that are signed with a shared secret.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf meta data wal
cat > influxdb.conf <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$PORT_2"
[meta]
  dir = "$WORK/meta"
[data]
  dir = "$WORK/data"
  wal-dir = "$WORK/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:$PORT"
  auth-enabled = true
  shared-secret = "${LAB_KEY:-lab-shared-secret-0123456789-0123456789-0123456789}"
  log-enabled = false
CONF
query() { curl --silent --fail --output query.txt --data-urlencode "q=$1" "${@:2}" "http://127.0.0.1:$PORT/query"; }
fill() {
  until query "CREATE USER alice WITH PASSWORD 'lab-Password-1' WITH ALL PRIVILEGES"; do sleep 0.2; done
  local statement
  for statement in 'CREATE DATABASE lab' "CREATE USER bob WITH PASSWORD 'lab-Password-2'" 'GRANT READ ON lab TO bob'; do
    query "$statement" --user alice:lab-Password-1
  done
  curl --silent --user alice:lab-Password-1 --data-binary 'orders,id=c41f7a90d2 amount=12' "http://127.0.0.1:$PORT/write?db=lab"
}
fill &
exec "$DEBIAN_ROOT/usr/bin/influxd" -config influxdb.conf
