#!/usr/bin/env bash
# pypiserver: an index of packages that lists and serves them to users in a file of htpasswd only.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf packages && mkdir packages
echo "order c41f7a90d2" > packages/orders-1.0.tar.gz
venv/bin/python - <<'PY' > users
from passlib.apache import HtpasswdFile

users = HtpasswdFile(default_scheme="apr_md5_crypt")
for user, password in (("alice", "lab-Password-1"), ("bob", "lab-Password-2"), ("colon", "lab:Password:3"), ("utf8", "lab-Pässwörd-4")):
    users.set_password(user, password)
print(users.to_string().decode(), end="")
PY
exec venv/bin/pypi-server run -i 127.0.0.1 -p "$PORT" -P users -a update,download,list --disable-fallback packages
