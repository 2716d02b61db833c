#!/usr/bin/env bash
# express-pouchdb: the interface of CouchDB, with accounts in _users, cookies of _session and Basic.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
node_packages
cp "$HERE/app.js" .
rm -f log.txt
# the administrator stands in the configuration; accounts and the database are made on PORT_2 before it answers on PORT
seed() {
  local at=http://admin:lab-Password-0-admin@127.0.0.1:$PORT_2
  until curl --silent --fail --output answer.txt "http://127.0.0.1:$PORT_2/_session"; do sleep 0.1; done
  put() { curl --silent --fail --output answer.txt --request PUT --header "Content-Type: application/json" "$at$1" --data "$2"; }
  put /_users/org.couchdb.user:alice '{"name": "alice", "password": "lab-Password-1", "roles": [], "type": "user"}'
  put /_users/org.couchdb.user:bob '{"name": "bob", "password": "lab-Password-2", "roles": [], "type": "user"}'
  put /_users/org.couchdb.user:carl '{"name": "carl", "password": "lab:Pass:word-3", "roles": [], "type": "user"}'
  put /orders ''
  put /orders/c41f7a90d2 '{"holder": "a lamp of brass"}'
  put /orders/_security '{"admins": {"names": [], "roles": []}, "members": {"names": ["alice", "carl"], "roles": []}}'
}
# requests without a credential end it; it is started anew, as a supervisor would do
while sleep 0.1; do
  printf '{"admins": {"admin": "lab-Password-0-admin"}, "couch_httpd_auth": {"secret": "0123456789abcdef0123456789abcdef"}}\n' > config.json
  node app.js &
  seed
  kill -USR2 $!
  wait $! || true
done
