#!/usr/bin/env bash
# Radicale: a calendar behind Basic, with users in a file of htpasswd, as its tutorial has it.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf collections && mkdir -p collections/collection-root/alice/cal
echo '{"tag": "VCALENDAR"}' > collections/collection-root/alice/cal/.Radicale.props
cat > collections/collection-root/alice/cal/order.ics <<'CAL'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//lab//lab//EN
BEGIN:VEVENT
UID:c41f7a90d2
SUMMARY:order c41f7a90d2
DTSTART:20270101T100000Z
DTSTAMP:20270101T100000Z
END:VEVENT
END:VCALENDAR
CAL
venv/bin/python - <<'PY' > users
import bcrypt
for user, password in (("alice", "lab-Password-1"), ("bob", "lab-Password-2"), ("colon", "lab:Password:2"), ("utf8", "lab-Pässwörd-3")):
    print(user + ":" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(8)).decode())
PY
cat > config <<CONF
[server]
hosts = 127.0.0.1:$PORT
[auth]
type = htpasswd
htpasswd_filename = $WORK/users
htpasswd_encryption = autodetect
[storage]
filesystem_folder = $WORK/collections
[logging]
level = warning
CONF
exec venv/bin/python -m radicale --config "$WORK/config"
