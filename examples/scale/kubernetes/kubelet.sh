#!/bin/sh
# Runs the containers of the manifest that `authbench emit kubernetes` writes as processes, with the environment that the
# kubelet gives them, and then the merge.
#   kubelet.sh SCENARIO SHARDS      the scenario's variables come from the environment
set -u
scenario=$(realpath "$1")
shards=$2
work=$(mktemp -d)
authbench emit kubernetes "$scenario" --shards "$shards" --name try --records "$work/records" > "$work/manifest.yaml" || exit 2
mkdir -p "$work/records"
python3 - "$work/manifest.yaml" <<'PYTHON'
import os, subprocess, sys, yaml

def command(job):
    container = job["spec"]["template"]["spec"]["containers"][0]
    # a secret is a variable here
    plain = {e["name"]: e["value"] for e in container.get("env", []) if "value" in e}
    for e in container.get("env", []):
        if "valueFrom" in e and e["name"] not in os.environ:
            print("unset:", e["name"])
    return container["command"], {**os.environ, **plain}

jobs = [d for d in yaml.safe_load_all(open(sys.argv[1])) if d["kind"] == "Job"]
run, merge = jobs
assert run["spec"]["completionMode"] == "Indexed"
arguments, environment = command(run)
pods = [
    subprocess.Popen(arguments, env={**environment, "JOB_COMPLETION_INDEX": str(index)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for index in range(run["spec"]["completions"])
]
arguments, environment = command(merge)
merged = subprocess.Popen(arguments, env=environment)
print("shards:", [pod.wait() for pod in pods])
sys.exit(merged.wait())
PYTHON
code=$?
echo "merge: exit $code; records: $work/records"
exit $code
