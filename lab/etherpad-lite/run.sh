#!/usr/bin/env bash
# Etherpad 1.8 with its file database: an administrator and two users by HTTP Basic, and its API with a key of the lab.
# Imports and exports are not limited to 10 in 90 s, which a run would use up.
. "$(dirname "$0")/../lib/start.sh"
# The lock leaves out sqlite3, which ueberdb2 would take from GitHub if it can, and which this database does not need.
node_packages
# Etherpad looks for its root above a folder called src.
[ -L node_modules/ep_etherpad-lite ] || {
  rm -rf src && mv node_modules/ep_etherpad-lite src && ln -s ../src node_modules/ep_etherpad-lite
}
rm -rf var && mkdir var
printf lab-api-key-0123456789abcdef0123456789 > APIKEY.txt
printf lab-session-key-0123456789abcdef0123456789 > SESSIONKEY.txt
cat > settings.json <<CONF
{
  "ip": "127.0.0.1",
  "port": $PORT,
  "dbType": "dirty",
  "dbSettings": { "filename": "var/dirty.db" },
  "requireAuthentication": true,
  "importExportRateLimiting": { "windowMs": 90000, "max": 100000 },
  "users": {
    "admin": { "password": "lab-Password-1", "is_admin": true },
    "alice": { "password": "lab-Password-2", "is_admin": false },
    "bob": { "password": "lab-Password-3", "is_admin": false, "readOnly": true }
  }
}
CONF
# The texts that the scenarios read.
(for pad in labapi labusers; do
  until curl -fs "http://127.0.0.1:$PORT/api/1.2.15/createPad?apikey=$(cat APIKEY.txt)&padID=$pad&text=lab" > /dev/null; do sleep 0.5; done
done) &
export NODE_ENV=production
exec node src/node/server.js
