#!/usr/bin/env python3
"""Drives the fuzzer over all targets in turn; fuzz/long.sh and fuzz/minimise.sh call it."""

import argparse
import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
CORPUS = TREE / "fuzz" / "corpus"
# an endless input; a slow one is found by its CPU time, in fuzz/src/main.rs
ENDLESS = 300
# inputs of a target in the tree, beside those with a name
MOST_FILES = 60


def state_folder():
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return pathlib.Path(os.environ.get("AUTHBENCH_FUZZ_STATE") or os.path.join(home, "authbench-fuzz"))


class State:
    """What adds up over all runs, in a small file that is always whole."""

    def __init__(self, folder):
        self.folder, self.path, self.lock = folder, folder / "state.json", threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self.data = json.loads(self.path.read_text()) if self.path.exists() else {"cpu_seconds": 0.0, "targets": {}}

    def target(self, name):
        empty = {"cpu_seconds": 0.0, "inputs": 0, "edges": 0, "features": 0, "corpus": 0, "failures": []}
        return self.data["targets"].setdefault(name, empty)

    def save(self):
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.data, indent=1) + "\n")
        beside.replace(self.path)

    def say(self, text):
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}"
        print(line, flush=True)
        with open(self.folder / "log", "a") as log:
            log.write(line + "\n")


class Runner:
    def __init__(self, program, targets, state, slice_seconds):
        self.program, self.targets, self.state, self.slice = program, targets, state, slice_seconds
        self.running, self.children, self.stopping, self.slices = set(), set(), False, dict.fromkeys((one["name"] for one in targets), 0)

    def folders(self, name):
        corpus, failures = self.state.folder / "corpus" / name, self.state.folder / "failures" / name
        corpus.mkdir(parents=True, exist_ok=True)
        failures.mkdir(parents=True, exist_ok=True)
        return corpus, failures

    def dictionary(self, target):
        path = self.state.folder / f"{target['name']}.dict"
        lines = []
        for word in target["words"]:
            data = word.encode()
            lines.append('"' + "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\x{b:02x}" for b in data) + '"')
        path.write_text("\n".join(lines) + "\n")
        return path

    def command(self, target, *options):
        return [self.program, f"-max_len={target['longest']}", "-rss_limit_mb=2048", f"-timeout={ENDLESS}", *options]

    def environment(self, target):
        return {**os.environ, "FUZZ_TARGET": target["name"]}

    def next(self):
        with self.state.lock:
            free = [one for one in self.targets if one["name"] not in self.running]
            # in turn, and first the one that had the least: one that fails at once ends its slice early
            target = min(free, key=lambda one: (self.slices[one["name"]], self.state.target(one["name"])["cpu_seconds"]))
            self.slices[target["name"]] += 1
            self.running.add(target["name"])
            return target

    def one_slice(self, seconds):
        target = self.next()
        name = target["name"]
        corpus, failures = self.folders(name)
        before = set(failures.iterdir())
        seeds = [CORPUS / name] + [TREE / seed for seed in target["seeds"]]
        options = [f"-max_total_time={max(1, int(seconds))}", f"-artifact_prefix={failures}/", "-print_final_stats=1",
                   f"-dict={self.dictionary(target)}"]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as empty:
            child = subprocess.Popen(self.command(target, *options, str(corpus), *map(str, seeds)), stdout=output,
                                     stderr=output, stdin=subprocess.DEVNULL, cwd=empty, env=self.environment(target))
            self.children.add(child)
            _, status, usage = os.wait4(child.pid, 0)
            self.children.discard(child)
            child.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            told = output.read().decode(errors="replace")
        with self.state.lock:
            self.running.discard(name)
            self.account(name, told, usage, sorted(set(failures.iterdir()) - before), child.returncode, len(list(corpus.iterdir())))

    def account(self, name, told, usage, new, code, size):
        known = self.state.target(name)
        cpu = usage.ru_utime + usage.ru_stime
        known["cpu_seconds"] += cpu
        self.state.data["cpu_seconds"] += cpu
        found = re.findall(r"cov: (\d+) ft: (\d+)", told)
        if found:
            known["edges"], known["features"] = (max(known[key], int(value)) for key, value in zip(("edges", "features"), found[-1]))
        inputs = re.findall(r"stat::number_of_executed_units: (\d+)", told) or re.findall(r"^#(\d+)\s", told, re.M)
        known["inputs"] += int(inputs[-1]) if inputs else 0
        known["corpus"] = size
        for path in new:
            why = re.findall(r"panicked at .*\n.*|ERROR: libFuzzer: .*|memory allocation of .*", told)
            known["failures"].append({"input": str(path), "why": " / ".join(why)[:600]})
            self.state.say(f"FAILED {name}: {path}: {' / '.join(why)[:300]}")
        if code not in (0, -signal.SIGTERM, -signal.SIGINT) and not new and not self.stopping:
            self.state.say(f"{name} ended with {code}: {told[-400:]!r}")
        total = self.state.data["cpu_seconds"] / 3600
        self.state.say(f"{name}: {cpu:.1f} s of CPU, {known['edges']} edges, {known['features']} features, "
                       f"{known['corpus']} in the corpus, {known['inputs']} inputs in all; {total:.3f} CPU hours of all targets")
        self.state.save()

    def work(self, deadline):
        while not self.stopping and (left := deadline - time.monotonic()) > 1:
            self.one_slice(min(self.slice, left))

    def stop(self, *_):
        self.stopping = True
        for child in list(self.children):
            child.send_signal(signal.SIGINT)

    def minimise(self, kibibytes):
        """The corpus of the tree becomes a small part of all inputs that reaches the same, named ones of the tree first."""
        for target in self.targets:
            name = target["name"]
            corpus, _ = self.folders(name)
            own = CORPUS / name
            named = {path.name for path in own.iterdir() if not re.fullmatch(r"[0-9a-f]{40}", path.name)}
            with tempfile.TemporaryDirectory() as kept:
                for one in sorted(named):
                    shutil.copy(own / one, kept)
                subprocess.run(self.command(target, "-merge=1", kept, *[str(TREE / seed) for seed in target["seeds"]], str(own), str(corpus)),
                               env=self.environment(target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
                for old in own.iterdir():
                    if old.name not in named:
                        old.unlink()
                room = kibibytes * 1024 - sum((own / one).stat().st_size for one in named)
                found = [path for path in pathlib.Path(kept).iterdir() if path.name not in named]
                found.sort(key=lambda path: path.stat().st_size)
                # of each size some: what reaches deep is seldom short
                for path in found[:: max(1, math.ceil(len(found) / MOST_FILES))]:
                    if path.stat().st_size <= room:
                        room -= path.stat().st_size
                        shutil.copyfile(path, own / path.name)
            sizes = [path.stat().st_size for path in own.iterdir()]
            self.state.say(f"{name}: {len(sizes)} inputs, {sum(sizes)} bytes in the tree")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("minutes", type=float)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--slice", type=float, default=60, help="seconds of a target before the next")
    parser.add_argument("--minimise", type=int, metavar="KIBIBYTES")
    given = parser.parse_intermixed_args()
    # a copy: a build that comes meanwhile replaces the program
    state = State(state_folder())
    program = str(state.folder / "program")
    shutil.copy2(given.program, program + ".new")
    os.replace(program + ".new", program)
    without = {key: value for key, value in os.environ.items() if key != "FUZZ_TARGET"}
    listed = json.loads(subprocess.run([program], capture_output=True, text=True, check=True, env=without).stdout)
    targets = [one for one in listed if not given.targets or one["name"] in given.targets]
    if not targets:
        sys.exit(f"expected targets among {', '.join(one['name'] for one in listed)}")
    runner = Runner(program, targets, state, given.slice)
    if given.minimise is not None:
        return runner.minimise(given.minimise)
    signal.signal(signal.SIGTERM, runner.stop)
    signal.signal(signal.SIGINT, runner.stop)
    failed_before = sum(len(one["failures"]) for one in runner.state.data["targets"].values())
    deadline = time.monotonic() + given.minutes * 60
    workers = [threading.Thread(target=runner.work, args=(deadline,)) for _ in range(min(given.jobs, len(targets)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        while worker.is_alive():
            worker.join(1)
    failed = sum(len(one["failures"]) for one in runner.state.data["targets"].values())
    runner.state.say(f"ended: {runner.state.data['cpu_seconds'] / 3600:.3f} CPU hours in all, {failed} failures, {failed - failed_before} of them new")
    return 1 if failed > failed_before else 0


if __name__ == "__main__":
    sys.exit(main())
