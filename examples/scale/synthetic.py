"""Makes the records of many shards of one hour each out of the record of one shard, and merges them: time, memory, size.

    synthetic.py SHARD.jsonl FOLDER [SHARDS] [SECONDS]

The seconds of the record are repeated, from another one in each shard, and the counts of its phase grow with its length. Its
histograms of the whole phase stay as they are: what they cost does not depend on the number of requests.
"""
import copy
import json
import os
import resource
import shutil
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
before = [event for event in events[:first]]
after = [event for event in events[first:] if event["event"] != "load-interval"]
grown = seconds / next(event["duration_s"] for event in after if event["event"] == "load-finished")


def text(event):
    return json.dumps(event, separators=(",", ":")) + "\n"


def longer(event):
    event = copy.deepcopy(event)
    if event["event"] == "load-finished":
        event["requests"] = round(event["requests"] * grown)
        event["duration_s"] *= grown
        for lane in event["lanes"]:
            for counts in (lane["outcomes"], lane["statuses"]):
                for key in counts:
                    counts[key] = round(counts[key] * grown)
    return event


size, requests = 0, 0
ends = [text(longer(event)) for event in after]
# the start of a second is all that differs when it is repeated
halves = [text(event).split(f'"start_s":{event["interval"]["start_s"]}') for event in seen]
for index in range(1, shards + 1):
    path = os.path.join(folder, f"shard-{index:04}.jsonl")
    with open(path, "w") as out:
        for event in before:
            event = copy.deepcopy(event)
            if event["event"] == "run-started":
                event["shard"]["shard"] = {"index": index, "count": shards}
                event["shard"]["host"] = f"node-{index}"
            out.write(text(event))
        for at in range(seconds):
            head, tail = halves[(at * 7 + index) % len(halves)]
            out.write(f'{head}"start_s":{float(at)}{tail}')
        out.writelines(ends)
    size += os.path.getsize(path)
print(f"{shards} records of {seconds} s: {size / 1e6:.1f} MB in all, {size / shards / 1e6:.2f} MB each, {size / shards / seconds:.0f} bytes a second")
began = time.monotonic()
merged = os.path.join(folder, "merged", "run.jsonl")
ran = subprocess.run(["authbench", "merge", folder, "--expect", str(shards), "--report", f"jsonl={merged}"], capture_output=True, text=True)
took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"merge: {ran.stderr.strip().splitlines()[-1]}")
print(f"{took:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor time, peak memory {used.ru_maxrss / 1024:.0f} MB, merged record {os.path.getsize(merged) / 1e6:.2f} MB")
for event in map(json.loads, open(merged)):
    if event["event"] == "load-finished":
        print(f"{event['requests']} requests in {event['duration_s']:.0f} s")
shutil.rmtree(os.path.join(folder, "merged"))
