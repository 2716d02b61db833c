#!/usr/bin/env bash
# Monit: its web interface behind Basic, with one user who may write and one who may only read, as its manual has it.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -f state id
cat > monitrc <<CONF
set daemon 3600
set log $WORK/monit.log
set pidfile $WORK/monit.pid
set idfile $WORK/id
set statefile $WORK/state
set httpd port $PORT and use address 127.0.0.1
  allow alice:"lab-Password-1"
  allow bob:"lab-Password-2" read-only
check file order-c41f7a90d2 with path $WORK/monitrc
CONF
chmod 700 monitrc
exec "$DEBIAN_ROOT/usr/bin/monit" -I -c "$WORK/monitrc"
