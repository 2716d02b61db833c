#!/usr/bin/env bash
# Parse Server 9 by its own command, with the key of its REST API, and its database in PostgreSQL 15 on PORT_2; classes, users and notes come by its API.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
debian_packages
postgres=$DEBIAN_ROOT/usr/lib/postgresql/15/bin
# PostgreSQL refuses to run as root
user=() && if [ "$(id -u)" = 0 ]; then user=(unshare --user --map-user=1000 --map-group=1000); fi
rm -rf data && mkdir data
echo lab-Database-1 > data/password
"${user[@]}" "$postgres/initdb" --pgdata data/db --username lab --pwfile data/password --auth scram-sha-256 --encoding UTF8 --locale C > data/setup.log 2>&1
"${user[@]}" "$postgres/postgres" -D data/db -h 127.0.0.1 -p "$PORT_2" -k "" >> data/setup.log 2>&1 &
until PGPASSWORD=lab-Database-1 "$postgres/psql" -h 127.0.0.1 -p "$PORT_2" -U lab -d postgres -c 'CREATE DATABASE parse' >> data/setup.log 2>&1; do sleep 0.3; done
configure() {
  cat > config.json <<CONF
{
  "appId": "lab",
  "restAPIKey": "lab-rest-key-0123456789abcdef",
  "masterKey": "lab-master-key-0123456789abcdef",
  "readOnlyMasterKey": "lab-reader-key-0123456789abcdef",
  "databaseURI": "postgres://lab:lab-Database-1@127.0.0.1:$PORT_2/parse",
  "serverURL": "http://127.0.0.1:$1/parse",
  "host": "127.0.0.1",
  "port": $1,
  "allowCustomObjectId": $2
}
CONF
}
# what is asked for on PORT finds the classes and users: they are added on another port first, with identifiers that a scenario can name
other=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
configure "$other" true
PORT=$other node node_modules/parse-server/bin/parse-server config.json >> data/setup.log 2>&1 &
server=$!
python3 "$HERE/seed.py" "http://127.0.0.1:$other/parse"
kill "$server" && wait "$server" || true
configure "$PORT" false
exec node node_modules/parse-server/bin/parse-server config.json
