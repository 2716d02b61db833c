"""The command line of lab/run."""

import argparse
import json
import os
import signal
import sys

import application
import score
import table

USAGE = """lab/run [OPTIONS] [NAME…] [-- OPTIONS OF authbench run]

Starts each application that is named (default: all of them), runs its scenarios, scores the findings against its
expected.yaml, and stops it. Ends with 0 where every known deviation that a check looks for was found and every finding is
expected, with 1 otherwise."""


def main():
    arguments, options = sys.argv[1:], []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, options = arguments[:place], arguments[place + 1 :]
    parser = argparse.ArgumentParser(usage=USAGE)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the applications")
    parser.add_argument("--load", action="store_true", help="run the load phases of the scenarios, too")
    parser.add_argument("--record", metavar="NAME", help="keep the scores in lab/results.json under this name, such as after")
    parser.add_argument("--reports", metavar="FOLDER", help="score the reports of an earlier run in this folder; start nothing")
    parser.add_argument("--repeat", type=int, metavar="N", help="run N times, and list the verdicts that change from run to run")
    parser.add_argument("--table", action="store_true", help="write docs/lab.md from lab/results.json; after the runs, if names are given")
    given = parser.parse_args(arguments)
    known = application.names()
    for name in given.names:
        if name not in known:
            parser.error(f"no application {name!r}; expected one of {', '.join(known)}")
    if given.list:
        print("\n".join(f"{name:24}{application.expected(name)['application']}" for name in known))
        return 0
    # SIGTERM ends this like an interrupt, so that what runs is stopped then, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only_table = given.table and not given.names and not given.record
    names = [] if only_table else given.names or known
    if not given.load:
        options = ["--only", "conformance", *options]
    if given.repeat:
        return repeated(names, given.repeat, options)
    scores = {name: one(name, given.reports, options) for name in names}
    if len(names) > 1:
        print()
        print("\n".join(table.text(scores)))
    if given.record:
        table.record(given.record, {name: scored for name, scored in scores.items() if scored})
    if given.table:
        table.write()
    return 0 if all(scored and score.is_clean(scored) for scored in scores.values()) else 1


def one(name, reports, options):
    expected = application.expected(name)
    report = os.path.join(reports or application.out(name), "report.json" if not reports else f"{name}.json")
    if not reports:
        trouble = application.run(name, report, options)
        if trouble:
            print(f"lab: {name}: {trouble}")
            return None
    elif not os.path.exists(report):
        print(f"lab: {name}: no report {report}")
        return None
    with open(report) as file:
        scored = score.of(expected, json.load(file))
    print("\n".join(f"lab: {name}: {line}" for line in score.lines(scored)))
    return scored


def repeated(names, times, options):
    """Runs each application several times, started anew each time, and compares the verdict of each check."""
    changed_in_all, unstable, verdicts, rows = 0, {}, 0, {}
    for name in names:
        runs = []
        for turn in range(times):
            report = os.path.join(application.out(name), f"repeat-{turn}.json")
            trouble = application.run(name, report, options, quiet=True)
            if trouble:
                print(f"lab: {name}: run {turn + 1}: {trouble}")
                continue
            with open(report) as file:
                runs.append(score.verdicts(json.load(file)))
        changes = score.changes(runs)
        verdicts += sum(len(run) for run in runs)
        rows[name] = score.stability(runs)
        print(f"lab: {name}: {len(runs)} runs, {len(changes)} verdicts that change")
        for check, seen in changes.items():
            counts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(seen.items()))
            print(f"lab: {name}:   {check[1]} ({check[0]}): {counts}")
            decided = [verdict for verdict in seen if verdict != "inconclusive"]
            changed_in_all += len(decided) > 1
            if len(decided) == 1:
                unstable[check] = unstable.get(check, 0) + seen["inconclusive"]
    table.record_repeats(rows)
    print(f"lab: {verdicts} verdicts; {changed_in_all} checks with two verdicts, {sum(unstable.values())} verdicts that turned inconclusive")
    return 1 if changed_in_all else 0


if __name__ == "__main__":
    sys.exit(main())
