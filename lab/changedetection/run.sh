#!/usr/bin/env bash
# changedetection.io 0.60: its pages behind the password of its settings, and its API with the key that it makes. One page is watched,
# and all checks are paused: it fetches nothing.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf data
export DISABLE_VERSION_CHECK=yes LOGGER_LEVEL=WARNING
# its first start makes the folder; with an address of ours it does not watch pages of others
TESTING_SHUTDOWN_AFTER_DATASTORE_LOAD=1 venv/bin/changedetection.io -C -d "$WORK/data" -u http://127.0.0.1:9/
# what its page of settings writes when a password is set there; the keys take the place of random ones
python3 - <<'P'
import base64, hashlib, json, os
settings = json.load(open("data/changedetection.json"))
salt = b"lab-salt-lab-salt-lab-salt-lab-1"
hashed = hashlib.pbkdf2_hmac("sha256", b"lab-Password-1", salt, 100000)
settings["settings"]["application"].update(
    password=base64.b64encode(salt + hashed).decode(), api_access_token="0f1e2d3c4b5a69788796a5b4c3d2e1f0", rss_access_token="a1b2c3d4e5f60718293a4b5c6d7e8f90"
)
json.dump(settings, open("data/changedetection.json", "w"))
os.mkdir("data/c41f7a90-d200-4000-8000-000000000001")
watch = {"uuid": "c41f7a90-d200-4000-8000-000000000001", "url": "http://127.0.0.1:9/orders", "title": "order-c41f7a90d2"}
json.dump(watch, open("data/c41f7a90-d200-4000-8000-000000000001/watch.json", "w"))
P
exec venv/bin/changedetection.io -d "$WORK/data" -h 127.0.0.1 -p "$PORT" -P true
