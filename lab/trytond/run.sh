#!/usr/bin/env bash
# Tryton 8.2 with its database in SQLite and the module of parties: JSON-RPC with sessions, the API /rest with keys of user applications.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf data && mkdir data data/www
cat > data/trytond.conf <<CONF
[database]
uri = sqlite://
path = $WORK/data
[web]
listen = 127.0.0.1:$PORT
root = $WORK/data/www
CONF
touch data/lab.sqlite
printf 'lab-Password-0\n' > data/password
TRYTONPASSFILE=data/password venv/bin/trytond-admin -c data/trytond.conf -d lab --email admin@example.com -u party --activate-dependencies >> data/setup.log 2>&1
TRYTONPASSFILE=data/password venv/bin/python "$HERE/seed.py" data/trytond.conf >> data/setup.log 2>&1
# without -d, a login that is the first request after the start leaves the database unusable until the next one
exec venv/bin/trytond -c data/trytond.conf -d lab
