#!/bin/sh
# Starts the reference as the target of the examples here, and prints its secrets as lines to `eval`.
#   eval "$(target.sh PORT [OPTIONS OF authbench serve])"; …; kill "$TARGET_PID"
set -eu
port=$1
shift
log=$(mktemp)
authbench serve --port "$port" --format json "$@" > "$log" 2>&1 &
pid=$!
for _ in $(seq 300); do
    if grep -q '^{.*}$' "$log"; then break; fi
    sleep 0.1
done
python3 - "$log" <<'PYTHON'
import json, shlex, sys
served = json.loads(next(line for line in open(sys.argv[1]) if line.startswith("{")))
for one in served["identities"]:
    name = one["name"].upper().replace("-", "_")
    for kind, key in (("SECRET", "client_secret"), ("TOKEN", "token"), ("KEY", "api_key")):
        print(f"export {name}_{kind}={shlex.quote(one[key])}")
print("export TARGET=" + shlex.quote(served["url"]))
PYTHON
echo "TARGET_PID=$pid"
