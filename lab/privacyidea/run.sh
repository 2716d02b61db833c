#!/usr/bin/env bash
# privacyIDEA 3.14 with its database in SQLite, behind gunicorn: an administrator, one who may only list tokens, and two users of a realm.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf data && mkdir data
cat > data/pi.cfg <<CONF
SUPERUSER_REALM = ["super"]
SQLALCHEMY_DATABASE_URI = "sqlite:///$WORK/data/pi.sqlite"
SECRET_KEY = "lab-signing-key-0123456789-0123456789-0123456789"
PI_PEPPER = "lab-pepper-0123456789"
PI_ENCFILE = "$WORK/data/enckey"
PI_AUDIT_KEY_PRIVATE = "$WORK/data/private.pem"
PI_AUDIT_KEY_PUBLIC = "$WORK/data/public.pem"
PI_UUID_FILE = "$WORK/data/uuid.txt"
PI_LOGFILE = "$WORK/data/privacyidea.log"
PI_LOGLEVEL = 30
CONF
export PRIVACYIDEA_CONFIGFILE=$WORK/data/pi.cfg
manage() { venv/bin/pi-manage "$@" >> data/setup.log 2>&1; }
manage setup create_enckey
manage setup create_audit_keys
manage setup create_tables
manage admin add alice -e alice@example.com -p lab-Password-1
manage admin add bob -e bob@example.com -p lab-Password-2
{
  printf 'carol:%s:1001:1001:Carol Lab,,,carol@example.com:/home/carol:/bin/sh\n' "$(openssl passwd -6 lab-Password-3)"
  printf 'erin:%s:1002:1002:Erin Lab,,,erin@example.com:/home/erin:/bin/sh\n' "$(openssl passwd -6 lab-Password-4)"
} > data/users
cp "$HERE/app.py" .
venv/bin/python "$HERE/seed.py" >> data/setup.log 2>&1
exec venv/bin/gunicorn --bind "127.0.0.1:$PORT" --workers 2 app:application
