#!/bin/sh
# Runs the containers of the manifest that `authbench emit kubernetes` writes as processes, with what the kubelet gives them:
# JOB_COMPLETION_INDEX, the variables of the manifest and of its Secret, and the mounted folders; nothing else of this shell's
# environment. Then the merge. It ends as the merge ends.
#   kubelet.sh SCENARIO SHARDS [OPTIONS OF authbench emit]      the Secret's variables come from the environment
set -u
scenario=$(realpath "$1")
shards=$2
shift 2
work=$(mktemp -d)
mkdir "$work/records"
authbench emit kubernetes "$scenario" --shards "$shards" --name try "$@" > "$work/manifest.yaml" || exit 2
python3 - "$work" "$(dirname "$scenario")" <<'PYTHON'
import os, subprocess, sys, yaml

work, scenarios = sys.argv[1:]
documents = list(yaml.safe_load_all(open(os.path.join(work, "manifest.yaml"))))
run, merge = [document for document in documents if document["kind"] == "Job"]
assert run["spec"]["completionMode"] == "Indexed"
assert run["spec"]["parallelism"] == run["spec"]["completions"]
assert run["spec"]["backoffLimitPerIndex"] == 0


def start(job, index=None):
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    places = {"records": os.path.join(work, "records"), "scenarios": scenarios}
    mounts = {mount["mountPath"]: places[mount["name"]] for mount in container["volumeMounts"]}

    def mounted(word):
        # a path, or reports as FORMAT=PATH,FORMAT=PATH
        for path, place in mounts.items():
            word = word.replace("=" + path + "/", "=" + place + "/").replace("," + path + "/", "," + place + "/")
            if word == path or word.startswith(path + "/"):
                word = place + word[len(path):]
        return word

    environment = {"PATH": os.environ["PATH"], "HOSTNAME": "try"}
    for variable in container.get("env", []):
        if "value" in variable:
            environment[variable["name"]] = variable["value"]
        else:
            environment[variable["name"]] = os.environ[variable["valueFrom"]["secretKeyRef"]["key"]]
    if index is not None:
        environment["JOB_COMPLETION_INDEX"] = str(index)
    output = open(os.path.join(work, f"pod-{'merge' if index is None else index}.log"), "w")
    command = [mounted(word) for word in container["command"]]
    return subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd="/")


pods = [start(run, index) for index in range(run["spec"]["completions"])]
merged = start(merge)
print("shards end with:", [pod.wait() for pod in pods])
sys.exit(merged.wait())
PYTHON
code=$?
echo "merge: $(tail -n 1 "$work/pod-merge.log")"
python3 - "$work/records/merged/report.json" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
print("merged:", len(report["shards"]["shards"]), "of", report["shards"]["expected"], "shards")
for scenario in report["scenarios"]:
    for phase in scenario["load"]:
        print(f"{phase['name']}: {phase['requests']} requests, offered {phase['offered_rate']:.1f}/s, achieved {phase['achieved_rate']:.1f}/s")
PYTHON
echo "work: $work"
exit "$code"
