#!/usr/bin/env bash
# The control agent of Kea: its REST interface behind Basic with two clients, as its manual has it. No DHCP server runs behind it.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
export KEA_PIDFILE_DIR=$WORK KEA_LOCKFILE_DIR=$WORK KEA_LOGGER_DESTINATION=stderr
cat > agent.json <<CONF
{ "Control-agent": {
  "http-host": "127.0.0.1", "http-port": $PORT,
  "authentication": { "type": "basic", "realm": "kea-lab", "clients": [
    { "user": "alice", "password": "lab-Password-1" },
    { "user": "bob", "password": "lab-Password-2" },
    { "user": "colon", "password": "lab:Password:2" },
    { "user": "utf8", "password": "lab-Pässwörd-3" } ] },
  "loggers": [ { "name": "kea-ctrl-agent", "severity": "WARN", "output_options": [ { "output": "stderr" } ] } ]
} }
CONF
exec "$DEBIAN_ROOT/usr/sbin/kea-ctrl-agent" -c "$WORK/agent.json"
