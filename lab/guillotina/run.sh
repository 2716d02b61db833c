#!/usr/bin/env bash
# Guillotina: an API of objects with its users in the database (dbusers), Basic for the administrator and tokens of its login.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
rm -rf blobs lab.db lab.db.*
settings() {
  cat > "config-$1.yaml" <<CONF
databases:
  db: { storage: DUMMY_FILE, filename: lab.db }
host: 127.0.0.1
port: $1
root_user: { password: "lab-Password-0" }
applications: [guillotina.contrib.dbusers]
jwt: { secret: "lab-signing-key-0123456789-0123456789", algorithm: HS256, token_expiration: 3600 }
load_catalog: false
CONF
}
settings "$PORT"
settings "$PORT_2"
# the container, its accounts and what they own are made before the application answers on PORT
venv/bin/guillotina serve -c "config-$PORT_2.yaml" --host 127.0.0.1 --port "$PORT_2" > seed.log 2>&1 &
first=$!
send() { curl --silent --show-error --fail --output answer.txt --user root:lab-Password-0 --header "Content-Type: application/json" --request "$1" "http://127.0.0.1:$PORT_2$2" --data "$3"; }
until send GET / '{}' 2> /dev/null; do sleep 0.3; done
send POST /db '{"@type": "Container", "id": "lab", "title": "lab"}'
send POST /db/lab/@addons '{"id": "dbusers"}'
send POST /db/lab/users '{"@type": "User", "username": "alice", "email": "alice@example.com", "password": "lab-Password-1", "user_roles": ["guillotina.Reader", "guillotina.Editor"]}'
send POST /db/lab/users '{"@type": "User", "username": "bob", "email": "bob@example.com", "password": "lab-Password-2", "user_roles": ["guillotina.Reader"]}'
send POST /db/lab '{"@type": "Folder", "id": "orders", "title": "c41f7a90d2"}'
kill "$first"
wait "$first" || true
exec venv/bin/guillotina serve -c "config-$PORT.yaml" --host 127.0.0.1 --port "$PORT"
