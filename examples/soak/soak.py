#!/usr/bin/env python3
"""Runs authbench for a long time against a reference that is killed and started again, and checks what it used and counted.

    soak.py SECONDS [--authbench PROGRAM] [--reference PROGRAM] [--rate 2000] [--restart-every 60] [--out FOLDER]

The reference speaks TLS and issues tokens of three seconds; 88 % of the requests carry a good one, the others none or a forged one.
The samples (memory, descriptors, threads of authbench) are in FOLDER/samples.csv, the record of the run is beside them. It ends with 1
where
- memory grew: the median of the last third of the samples after the warm-up is more than 5 % above that of the first third, or any is above 150 MiB;
- a descriptor was lost: more are open at the end of the load than after the warm-up, beyond one for each connection;
- a count is wrong: requests sent, those of all lanes and those of all seconds are not the same number, or fewer were sent than planned;
- a forged request was granted, no good one was, or the run ended as no run with such a target may end.
All traffic stays on 127.0.0.1.
"""

import argparse
import csv
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 32
# what a run may end with whose target was away for a time: thresholds and lanes judge that, not this script
ENDS = (0, 1, 5)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Target:
    """The reference on one port with one certificate, however often it is started."""

    def __init__(self, program, folder, port):
        self.program, self.folder, self.port, self.process, self.starts = program, folder, port, None, 0

    def start(self):
        command = [self.program, "serve", "--port", str(self.port), "--tls", "--tls-identity", str(self.folder / "target.pem"),
                   "--token-lifetime", "3s", "--format", "json"]
        for _ in range(100):
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = self.process.stdout.readline()
            if line:
                self.starts += 1
                return json.loads(line)
            # the port is still taken by what is left of the last connections
            self.process.wait()
            time.sleep(0.1)
        sys.exit(f"the target does not start: {self.process.stderr.read()}")

    def kill(self):
        self.process.kill()
        self.process.wait()


def sample(pid):
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    return int(status["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"])


def watch(run, target, given, began, writer):
    """Samples until the run ends, and kills the target from time to time. The samples of the load."""
    samples, next_restart = [], began + given.restart_every
    while run.poll() is None:
        now = time.monotonic()
        try:
            rss, descriptors, threads = sample(run.pid)
        except (FileNotFoundError, KeyError, ProcessLookupError):
            break
        samples.append((now - began, rss, descriptors, threads))
        writer.writerow([f"{now - began:.1f}", rss, descriptors, threads, target.starts])
        # the last seconds are without a restart, so that the load ends at its target
        if now >= next_restart and now - began < given.seconds - 10:
            next_restart = now + given.restart_every
            target.kill()
            time.sleep(1)
            target.start()
        time.sleep(min(1.0, given.seconds / 100))
    return [one for one in samples if one[0] < given.seconds]


def judged(samples, given):
    """What is wrong with the memory and the descriptors."""
    warm = [one for one in samples if one[0] > max(10, given.seconds / 10)]
    third = max(1, len(warm) // 3)
    first, last = warm[:third], warm[-third:]
    if not warm:
        return ["too short: there is no sample after the warm-up"]
    median = lambda part, column: statistics.median(one[column] for one in part)
    before, after = median(first, 1), median(last, 1)
    span = max(1.0, last[-1][0] - first[0][0])
    print(f"memory: {before / 1024:.1f} MiB after the warm-up, {after / 1024:.1f} MiB at the end ({(after / before - 1) * 100:+.1f} %, "
          f"{(after - before) / span * 3600 / 1024:+.1f} MiB an hour), at most {max(one[1] for one in samples) / 1024:.1f} MiB")
    print(f"descriptors: {median(first, 2):.0f} after the warm-up, {median(last, 2):.0f} at the end, at most {max(one[2] for one in samples)}")
    print(f"threads: {median(first, 3):.0f} after the warm-up, {median(last, 3):.0f} at the end")
    wrong = []
    if after > before * 1.05:
        wrong.append("memory grew by more than 5 %")
    if max(one[1] for one in samples) > 150 * 1024:
        wrong.append("memory was above 150 MiB")
    if median(last, 2) > median(first, 2) + CONNECTIONS:
        wrong.append("descriptors were lost")
    return wrong


def counted(record, given):
    """What is wrong with the counts of the record."""
    events = [json.loads(line) for line in open(record)]
    ends = [event for event in events if event["event"] == "load-finished"]
    if len(ends) != 1:
        return ["the record has no whole load phase"]
    phase, wrong = ends[0], []
    intervals = [event["interval"] for event in events if event["event"] == "load-interval"]
    lanes = {lane["name"]: lane["outcomes"] for lane in phase["lanes"]}
    for name, outcomes in lanes.items():
        print(f"{name}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count))
    outcomes = sum(sum(counts.values()) for counts in lanes.values())
    seconds = sum(sum(interval["outcomes"].values()) for interval in intervals)
    planned = round(given.rate * given.seconds)
    print(f"requests: {phase['requests']} sent, {outcomes} answered or failed, {seconds} in the seconds, {planned} planned; "
          f"{phase['tokens_obtained']} tokens obtained")
    if not phase["requests"] == outcomes == seconds:
        wrong.append("the counts differ")
    if abs(phase["requests"] - planned) > given.rate:
        wrong.append("not as many requests as planned")
    wrong += [f"{name}: {counts['granted']} forged requests were granted" for name, counts in lanes.items() if name != "valid" and counts["granted"]]
    if lanes["valid"]["granted"] < 0.5 * sum(lanes["valid"].values()):
        wrong.append("fewer than half of the good requests were granted")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--authbench", default="authbench")
    parser.add_argument("--reference", metavar="PROGRAM", help="the authbench that serves the target (default: the same)")
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--restart-every", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    folder = (given.out or pathlib.Path(tempfile.mkdtemp(prefix="soak-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    target = Target(given.reference or given.authbench, folder, free_port())
    described = target.start()
    (folder / "ca.pem").write_text(described["certificate"])
    scenario = (HERE / "soak.yaml").read_text().replace("2000/s", f"{given.rate}/s").replace("duration: 10s", f"duration: {given.seconds:.0f}s")
    (folder / "soak.yaml").write_text(scenario)
    secret = next(one["client_secret"] for one in described["identities"] if one["name"] == "service")
    environment = {**os.environ, "SOAK_PORT": str(target.port), "SOAK_SECRET": secret}
    command = [given.authbench, "run", str(folder / "soak.yaml"), "--only", "load", "--report", f"jsonl={folder / 'run.jsonl'}"]
    print(f"{given.rate}/s for {given.seconds:.0f} s; everything is in {folder}", flush=True)
    began = time.monotonic()
    with open(folder / "output", "w") as output, open(folder / "samples.csv", "w", newline="", buffering=1) as csv_file:
        writer = csv.writer(csv_file)
        writer.writerow(["seconds", "rss_kib", "descriptors", "threads", "starts_of_the_target"])
        run = subprocess.Popen(command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            samples = watch(run, target, given, began, writer)
            code = run.wait()
        finally:
            run.poll() is None and run.kill()
            target.kill()
    print(f"exit {code} after {time.monotonic() - began:.0f} s; the target was started {target.starts} times")
    wrong = [] if code in ENDS else [f"the run ended with {code}: see {folder / 'output'}"]
    wrong += judged(samples, given)
    if (folder / "run.jsonl").exists():
        wrong += counted(folder / "run.jsonl", given)
    else:
        wrong.append("there is no record")
    for one in wrong:
        print(f"WRONG: {one}")
    print("soak: " + ("failed" if wrong else "passed"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
