#!/usr/bin/env bash
# Icinga 2: its REST API over TLS behind Basic, with one user for everything and one who may only query hosts, as its documentation has it.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf data && mkdir -p data/certs data/cache data/log data/run data/api/packages data/ca
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Icinga CA" -keyout data/ca/ca.key -out data/certs/ca.crt 2> /dev/null
cp data/certs/ca.crt data/ca/ca.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout data/certs/localhost.key -out localhost.csr 2> /dev/null
openssl x509 -req -days 30 -in localhost.csr -CA data/certs/ca.crt -CAkey data/ca/ca.key -CAcreateserial -out data/certs/localhost.crt 2> /dev/null
cat > icinga2.conf <<CONF
const NodeName = "localhost"
const ZoneName = NodeName
object CheckerComponent "checker" { }
object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = $PORT; ticket_salt = "lab" }
object CheckCommand "nothing" { command = [ "/bin/true" ] }
object Host "order-c41f7a90d2" { check_command = "nothing"; enable_active_checks = false }
object ApiUser "alice" { password = "lab-Password-1"; permissions = [ "*" ] }
object ApiUser "bob" { password = "lab-Password-2"; permissions = [ "objects/query/Host" ] }
object ApiUser "colon" { password = "lab:Password:2"; permissions = [ "*" ] }
object ApiUser "utf8" { password = "lab-Pässwörd-3"; permissions = [ "*" ] }
CONF
exec "$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu/icinga2/sbin/icinga2" daemon -x warning -c icinga2.conf \
  -D "Configuration.DataDir=$WORK/data" -D "Configuration.CacheDir=$WORK/data/cache" -D "Configuration.LogDir=$WORK/data/log" \
  -D "Configuration.InitRunDir=$WORK/data/run" -D "Configuration.RunAsUser=$(id -un)" -D "Configuration.RunAsGroup=$(id -gn)"
