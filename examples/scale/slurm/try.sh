#!/bin/sh
# Runs sharded loads and checks on the loopback cluster of cluster.sh, and says what each came to:
#   1. 16 shards over expiring tokens: one verdict, exit 0
#   2. one shard is killed in the middle: exit 5, and its name
#   3. one shard starts 2 s late: exit 5, shown by its own measurements
#   4. checks in 4 shards: the verdicts of one run
# Needs: authbench on the path, Slurm's daemons, python3. Takes some three minutes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
echo "work: $work"
"$here/cluster.sh" start "$work/slurm" || exit 1
export SLURM_CONF=$work/slurm/slurm.conf
trap '"$here/cluster.sh" stop "$work/slurm"; kill $TARGET_PID 2>/dev/null' EXIT

eval "$("$here/../target.sh" 8765 --token-lifetime 6s)"

verdict() { # NAME RECORDS SHARDS: what a merge says, after all jobs
    authbench merge "$2" --expect "$3" --report "jsonl=$2/merged/run.jsonl,html=$2/merged/report.html,json=$2/merged/report.json" > "$2/merge.out" 2>&1
    echo "== $1: exit $?"
    tail -n 1 "$2/merge.out"
}
array() { # RECORDS SHARDS COMMAND: runs an array and waits for it
    mkdir -p "$1"
    printf '#!/bin/sh\n%s\n' "$3" | RECORDS=$1 sbatch --wait --parsable --array=1-"$2" --cpus-per-task=1 --no-requeue \
        --export=ALL --output="$1/shard-%a.log" > "$1/job"
}

echo "== 1. the script that authbench emits"
cd "$work" && cp "$here/../load.yaml" "$here/../checks.yaml" .
authbench emit slurm load.yaml --shards 16 --records "$work/emitted" > emitted.sh
CPUS=1 WAIT=1 sh emitted.sh
echo "exit $?"
tail -n 1 "$work"/emitted/*/merge.log

run='exec authbench run load.yaml --seed 1 --report "jsonl=$RECORDS/shard-{shard}.jsonl"'
echo "== 2. shard 7 is killed in the middle"
array "$work/killed" 16 "if [ \$SLURM_ARRAY_TASK_ID = 7 ]; then timeout -s KILL 14 authbench run load.yaml --seed 1 --barrier \$RECORDS/barrier --report jsonl=\$RECORDS/shard-{shard}.jsonl; exit; fi
$run --barrier \"\$RECORDS/barrier\""
verdict killed "$work/killed" 16

echo "== 3. shard 5 is 2 s late"
at=$(date -u -d '+25 seconds' +%Y-%m-%dT%H:%M:%SZ)
late=$(date -u -d '+27 seconds' +%Y-%m-%dT%H:%M:%SZ)
array "$work/late" 16 "at=$at
if [ \$SLURM_ARRAY_TASK_ID = 5 ]; then sleep \$(( \$(date -d $late +%s) - \$(date +%s) - 1 )); fi
$run --start-at $at"
verdict late "$work/late" 16

echo "== 4. checks in 4 shards, and in one run"
kill "$TARGET_PID"
eval "$("$here/../target.sh" 8766)"
array "$work/checks" 4 'exec authbench run checks.yaml --seed 1 --only conformance --barrier "$RECORDS/barrier" --report "jsonl=$RECORDS/shard-{shard}.jsonl"'
verdict checks "$work/checks" 4
authbench run checks.yaml --seed 1 --only conformance --shard 1/1 --report "json=$work/one.json" > "$work/one.out" 2>&1
echo "one run: exit $?"
python3 - "$work/one.json" "$work/checks/merged/report.json" <<'PYTHON'
import json, sys
one, merged = ({c["id"]: c["verdict"] for s in json.load(open(f))["scenarios"] for c in s["checks"]} for f in sys.argv[1:])
differing = {k: (one.get(k), merged.get(k)) for k in one.keys() | merged.keys() if one.get(k) != merged.get(k)}
print(f"{len(one)} checks in one run, {len(merged)} merged; {len(differing)} verdicts differ: {differing}")
PYTHON
