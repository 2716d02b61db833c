#!/usr/bin/env bash
# OpenStack Swift with s3api and tempauth, as its guide for a single machine sets them up: one device, one replica, no memcached.
. "$(dirname "$0")/../lib/start.sh"
python_packages
export PATH=$WORK/venv/bin:$PATH
read -r ACCOUNT CONTAINER OBJECT < <(python -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
rm -rf etc srv && mkdir -p etc srv/sda
printf '[swift-hash]\nswift_hash_path_suffix = lab\n' > etc/swift.conf
defaults() { printf '[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = %s\nworkers = 0\nuser = %s\nswift_dir = %s\n' "$1" "$(id -un)" "$WORK/etc"; }
store() {
  { defaults "$2"; printf 'devices = %s\nmount_check = false\nfallocate_reserve = 0\n[pipeline:main]\npipeline = %s-server\n[app:%s-server]\nuse = egg:swift#%s\n' "$WORK/srv" "$1" "$1" "$1"; } > "etc/$1.conf"
  swift-ring-builder "etc/$1.builder" create 4 1 1 > /dev/null
  swift-ring-builder "etc/$1.builder" add "r1z1-127.0.0.1:$2/sda" 1 > /dev/null
  swift-ring-builder "etc/$1.builder" rebalance > /dev/null
  "swift-$1-server" "etc/$1.conf" &
  servers+=($!)
}
# each server makes a session of its own, so it is stopped here
servers=()
trap 'exit 143' TERM INT
trap 'kill "${servers[@]}"' EXIT
store account "$ACCOUNT"
store container "$CONTAINER"
store object "$OBJECT"
proxy() {
  defaults "$1"
  cat <<'CONF'
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:9
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_lab_orders = lab-secret-0123456789 .admin
CONF
}
proxy "$PORT" > etc/proxy.conf
# the bucket and its object are there before the proxy answers
sed 's/^pipeline = .*/pipeline = catch_errors proxy-logging cache proxy-server/' etc/proxy.conf > etc/internal.conf
python - <<'PYTHON'
import io, os, time
from swift.common.internal_client import InternalClient
from swift.common.utils import set_swift_dir
set_swift_dir(os.path.abspath("etc"))
time.sleep(2)
client = InternalClient(os.path.abspath("etc/internal.conf"), "lab", 5)
def bucket(name, key, kind, body, **headers):
    client.create_container("AUTH_lab", name, headers)
    client.upload_object(io.BytesIO(body), "AUTH_lab", name, key, {"Content-Type": kind, "Content-Length": str(len(body))})
bucket("orders", "c41f7a90d2.json", "application/json", b'{"order":"c41f7a90d2","item":"a lamp of brass"}')
PYTHON
swift-proxy-server etc/proxy.conf &
servers+=($!)
wait
