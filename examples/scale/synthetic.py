"""Makes the records of many shards of one hour each out of the record of one shard, and merges them: time, memory, size.

    synthetic.py SHARD.jsonl FOLDER [SHARDS] [SECONDS]
"""
import json
import os
import resource
import subprocess
import sys
import time

source, folder = sys.argv[1], sys.argv[2]
shards = int(sys.argv[3]) if len(sys.argv) > 3 else 256
seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 3600
os.makedirs(folder, exist_ok=True)
events = [json.loads(line) for line in open(source)]
seen = [event for event in events if event["event"] == "load-interval"]
first = next(at for at, event in enumerate(events) if event["event"] == "load-interval")
before = events[:first]
after = [event for event in events[first:] if event["event"] != "load-interval"]
size = 0
for index in range(1, shards + 1):
    path = os.path.join(folder, f"shard-{index:04}.jsonl")
    with open(path, "w") as out:
        for event in before:
            if event["event"] == "run-started":
                event["shard"]["shard"] = {"index": index, "count": shards}
            out.write(json.dumps(event, separators=(",", ":")) + "\n")
        for at in range(seconds):
            event = seen[(at * 7 + index) % len(seen)]
            event["interval"]["start_s"] = float(at)
            out.write(json.dumps(event, separators=(",", ":")) + "\n")
        for event in after:
            out.write(json.dumps(event, separators=(",", ":")) + "\n")
    size += os.path.getsize(path)
print(f"{shards} records of {seconds} s: {size / 1e6:.1f} MB in all, {size / shards / 1e6:.2f} MB each")
began = time.monotonic()
merged = os.path.join(folder, "merged", "run.jsonl")
code = subprocess.call(["authbench", "merge", folder, "--expect", str(shards), "--report", f"jsonl={merged}"], stdout=subprocess.DEVNULL)
took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"merge: exit {code}, {took:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s CPU, peak memory {used.ru_maxrss / 1024:.0f} MB, merged record {os.path.getsize(merged) / 1e6:.2f} MB")
