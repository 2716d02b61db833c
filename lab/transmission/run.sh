#!/usr/bin/env bash
# Transmission: its RPC over HTTP behind Basic, as its guide has it, without its lock after 100 failures, which lasts until it is started again. No torrents, no peers; it listens on 127.0.0.1 only.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf home && mkdir -p home/downloads
cat > home/settings.json <<CONF
{
  "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1",
  "peer-port": $PORT_2, "port-forwarding-enabled": false,
  "dht-enabled": false, "pex-enabled": false, "lpd-enabled": false, "utp-enabled": false,
  "download-dir": "$WORK/home/downloads",
  "rpc-enabled": true, "rpc-bind-address": "127.0.0.1", "rpc-port": $PORT,
  "rpc-authentication-required": true, "rpc-username": "alice", "rpc-password": "lab-Password-1",
  "anti-brute-force-enabled": false,
  "rpc-whitelist-enabled": true, "rpc-whitelist": "127.0.0.1"
}
CONF
export TRANSMISSION_WEB_HOME=$DEBIAN_ROOT/usr/share/transmission/web
exec "$DEBIAN_ROOT/usr/bin/transmission-daemon" --foreground --config-dir "$WORK/home" --log-error
