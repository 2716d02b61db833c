#!/usr/bin/env bash
# etcd: its JSON gateway, with authentication switched on, and simple tokens, as its guide has it.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf data
# authentication is switched on before the port answers
serve() {
  exec "$DEBIAN_ROOT/usr/bin/etcd" --data-dir "$WORK/data" --listen-client-urls "http://127.0.0.1:$1" \
    --advertise-client-urls "http://127.0.0.1:$1" --listen-peer-urls "http://127.0.0.1:$2" --log-level error
}
peer=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
call() { curl --silent --fail --output call.txt --data "$2" "http://127.0.0.1:$PORT_2/v3/$1"; }
serve "$PORT_2" "$peer" &
until call kv/put '{"key":"b3JkZXI=","value":"YzQxZjdhOTBkMg=="}'; do sleep 0.2; done
call auth/role/add '{"name":"root"}'
call auth/user/add '{"name":"root","password":"lab-Password-1"}'
call auth/user/grant '{"user":"root","role":"root"}'
call auth/user/add '{"name":"bob","password":"lab-Password-2"}'
call auth/role/add '{"name":"reader"}'
call auth/role/grant '{"name":"reader","perm":{"permType":"READ","key":"b3JkZXI="}}'
call auth/user/grant '{"user":"bob","role":"reader"}'
call auth/enable '{}'
kill $(jobs -p)
wait
serve "$PORT" "$peer"
