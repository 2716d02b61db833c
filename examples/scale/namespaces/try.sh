#!/bin/sh
# Four network namespaces with addresses of their own as generators, one target, 2,000 requests/s in all: the merged counts
# have to equal what the target counted. Needs root and `ip`; all traffic stays on this machine.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
ip link add ab-bridge type bridge && ip addr add 10.77.0.1/24 dev ab-bridge && ip link set ab-bridge up || exit 1
cleanup() {
    for n in 1 2 3 4; do ip netns del "ab$n" 2>/dev/null; done
    ip link del ab-bridge 2>/dev/null
    kill "$target" 2>/dev/null
}
trap cleanup EXIT
python3 "$here/target.py" 10.77.0.1 8767 "$work/counts" & target=$!
for n in 1 2 3 4; do
    ip netns add "ab$n"
    ip link add "ab$n" type veth peer name eth0 netns "ab$n"
    ip link set "ab$n" master ab-bridge up
    ip -n "ab$n" addr add "10.77.0.1$n/24" dev eth0
    ip -n "ab$n" link set eth0 up
    ip -n "ab$n" link set lo up
done
for _ in $(seq 100); do [ -e "$work/counts.ready" ] && break; sleep 0.1; done
shards=
for n in 1 2 3 4; do
    KEY=good-key-0123456789abcdef ip netns exec "ab$n" authbench run "$here/load.yaml" --only load --seed 1 --shard "$n/4" --threads 1 \
        --barrier "$work/barrier" --report "jsonl=$work/shard-$n.jsonl" > "$work/shard-$n.log" 2>&1 &
    shards="$shards $!"
done
for pid in $shards; do wait "$pid"; echo "a shard: exit $?"; done
kill -USR1 "$target"
for _ in $(seq 50); do [ -s "$work/counts" ] && break; sleep 0.1; done
authbench merge "$work" --expect 4 --report "json=$work/merged/report.json,html=$work/merged/report.html" > "$work/merge.out" 2>&1
echo "merge: exit $?: $(tail -n 1 "$work/merge.out")"
python3 - "$work/merged/report.json" "$work/counts" <<'PYTHON'
import json, sys
phase = json.load(open(sys.argv[1]))["scenarios"][0]["load"][0]
counts = json.load(open(sys.argv[2]))
merged = {lane["name"]: sum(lane["outcomes"].values()) for lane in phase["lanes"]}
print("merged:", merged, "requests", phase["requests"], f"offered {phase['offered_rate']:.1f}/s achieved {phase['achieved_rate']:.1f}/s")
print("target:", counts)
good = counts["load_good"] == merged["valid"] and counts["load_bad"] == merged["no-credential"]
print("equal" if good else "DIFFERENT")
sys.exit(0 if good else 1)
PYTHON
