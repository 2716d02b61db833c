#!/bin/sh
# Runs sharded loads and checks on the loopback cluster of cluster.sh, and prints what each came to:
#   1. 16 shards over expiring tokens, by the script that `authbench emit slurm` writes: one verdict
#   2. one shard is killed in the middle: exit 5, and its name
#   3. one shard starts 2 s late: exit 5, shown by its own measurements
#   4. checks in 4 shards: the verdicts of one run
# Needs: authbench on the path, Slurm's daemons, python3. Takes some three minutes. It ends with 0 if all of it is so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
failed=0
echo "work: $work"
"$here/cluster.sh" start "$work/slurm" || exit 1
export SLURM_CONF="$work/slurm/slurm.conf"
trap '"$here/cluster.sh" stop "$work/slurm"; kill "$TARGET_PID" 2>/dev/null' EXIT

expect() { # WHAT WANTED GOT
    if [ "$2" = "$3" ]; then echo "   $1: $3"; else echo "   $1: $3, expected $2"; failed=1; fi
}
merge() { # RECORDS SHARDS: prints the reason; the exit code is in $code
    code=0
    authbench merge "$1" --expect "$2" --report "jsonl=$1/merged/run.jsonl,html=$1/merged/report.html,json=$1/merged/report.json" \
        > "$1/merge.out" 2>&1 || code=$?
    echo "   $(tail -n 1 "$1/merge.out")"
}
array() { # RECORDS SHARDS COMMAND: runs an array and waits for it; each shard leaves its process number
    mkdir -p "$1"
    printf '#!/bin/sh\necho $$ > "$RECORDS/$SLURM_ARRAY_TASK_ID.pid"\n%s\n' "$3" |
        RECORDS=$1 sbatch --wait --parsable --array=1-"$2" --cpus-per-task=1 --no-requeue --export=ALL \
            --output="$1/shard-%a.log" > "$1/job"
}

eval "$("$here/../target.sh" 8765 --token-lifetime 6s)"
cd "$work" && cp "$here/../load.yaml" "$here/../checks.yaml" .
load='authbench run load.yaml --only load --seed 1 --report "jsonl=$RECORDS/shard-{shard}.jsonl"'

echo "== 1. the script that authbench emits: 16 shards over expiring tokens"
authbench emit slurm load.yaml --shards 16 --only load --records "$work/emitted" > emitted.sh
code=0
CPUS=1 WAIT=1 sh emitted.sh || code=$?
echo "   $(tail -n 1 "$work"/emitted/*/merge.log)"
expect "exit" 0 "$code"
python3 - "$work"/emitted/*/merged/report.json <<'PYTHON' || failed=1
import json, sys
phase = json.load(open(sys.argv[1]))["scenarios"][0]["load"][0]
lanes = {lane["name"]: {k: v for k, v in lane["outcomes"].items() if v} for lane in phase["lanes"]}
print(f"   {phase['requests']} requests, offered {phase['offered_rate']:.1f}/s, achieved {phase['achieved_rate']:.1f}/s, p99 {phase['response_time_us']['p99'] / 1000:.1f} ms, {phase['tokens_obtained']} tokens obtained, lanes {lanes}")
PYTHON

echo "== 2. shard 7 is killed in the middle"
mkdir -p "$work/killed"
(
    # in the middle: six of its seconds are in its record
    for _ in $(seq 1200); do
        if [ "$(grep -c load-interval "$work/killed/shard-0007.jsonl.partial" 2>/dev/null)" -ge 6 ] 2>/dev/null; then break; fi
        sleep 0.1
    done
    kill -KILL "$(cat "$work/killed/7.pid")"
) &
array "$work/killed" 16 "exec $load --barrier \"\$RECORDS/barrier\""
merge "$work/killed" 16
expect "exit" 5 "$code"
expect "named" 1 "$(grep -c 'shard 7/16 was cut off before its end' "$work/killed/merge.out" | sed 's/[1-9][0-9]*/1/')"
authbench merge "$work/killed" --expect 16 --allow-missing 1 --report "text=$work/killed/allowed.txt" > "$work/killed/allowed.out" 2>&1
echo "   with --allow-missing 1: exit $?; $(grep -o '1 of 16 shards are missing.*' "$work/killed/allowed.txt" | head -n 1)"

echo "== 3. shard 5 is 2 s late"
at=$(date -u -d '+25 seconds' +%Y-%m-%dT%H:%M:%SZ)
late=$(date -u -d "$at + 2 seconds" +%Y-%m-%dT%H:%M:%SZ)
array "$work/late" 16 "at=$at
if [ \"\$SLURM_ARRAY_TASK_ID\" = 5 ]; then at=$late; fi
exec $load --start-at \"\$at\""
merge "$work/late" 16
expect "exit" 5 "$code"
python3 - "$work/late/merged/run.jsonl" <<'PYTHON' || failed=1
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
shards = next(event for event in events if event["event"] == "shards-merged")["shards"]
for one in shards:
    if one["shard"]["index"] in (4, 5, 6):
        phase = one["phases"][0]
        print(f"   shard {one['shard']['index']}: start {phase['late_ms']:+.1f} ms, first request {phase['first_send_us'] / 1000:+.1f} ms against the plan of all, {phase['achieved_rate']:.1f}/s of {phase['planned_rate']:.1f}/s")
PYTHON

echo "== 4. checks in 4 shards, and in one run"
kill "$TARGET_PID"
eval "$("$here/../target.sh" 8766 --strict)"
array "$work/checks" 4 'exec authbench run checks.yaml --only conformance --seed 1 --barrier "$RECORDS/barrier" --report "jsonl=$RECORDS/shard-{shard}.jsonl"'
merge "$work/checks" 4
merged=$code
one=0
authbench run checks.yaml --only conformance --seed 1 --shard 1/1 --report "json=$work/one.json" > "$work/one.out" 2>&1 || one=$?
expect "exit of the merge as of one run" "$one" "$merged"
python3 - "$work/one.json" "$work/checks/merged/report.json" <<'PYTHON' || failed=1
import collections, json, sys
one, merged = ({c["id"]: c["verdict"] for s in json.load(open(f))["scenarios"] for c in s["checks"]} for f in sys.argv[1:])
differing = {k: (one.get(k), merged.get(k)) for k in one.keys() | merged.keys() if one.get(k) != merged.get(k)}
print(f"   {len(one)} checks in one run, {len(merged)} merged, {len(differing)} verdicts differ {differing or ''}; {dict(collections.Counter(merged.values()))}")
sys.exit(bool(differing))
PYTHON
exit "$failed"
