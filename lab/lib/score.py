"""Compares the findings of a report with the expected.yaml of an application."""

from collections import Counter

# verdicts that decide nothing
UNDECIDED = {"not-tested", "not-applicable", "inconclusive"}
GRAVE = {"high", "critical"}


def of(expected, report):
    scenarios = report["scenarios"]
    deviations = [deviation(entry, scenarios) for entry in expected.get("deviations") or []]
    seen = set()
    findings = [finding(expected, scenario["name"], entry, seen) for scenario in scenarios for entry in scenario["findings"]]
    phases = [
        f"load {phase['name']}: {phase['lanes'][0]['outcomes']} of {phase['requests']} requests"
        for scenario in scenarios
        for phase in scenario["load"] or []
        if phase["lanes"][0]["outcomes"]["granted"] != phase["requests"]
    ]
    return {"deviations": deviations, "findings": findings, "load": phases}


def deviation(entry, scenarios):
    """What became of a known deviation: found, passed (a check says that there is none), not reached, or no check."""
    checks = as_list(entry.get("checks"))
    verdicts = {}
    for scenario in scenarios:
        if not in_scenario(entry, scenario["name"]):
            continue
        for found in scenario["findings"]:
            cells = [found, *found["cells"]]
            if any(cell["check"] in checks and at_resource(entry, cell) for cell in cells):
                return {"what": entry["what"], "checks": checks, "state": "found"}
        # what passes under one scenario has passed, whatever another one had no verdict for
        of_scenario = {check["id"]: check["verdict"] for check in scenario["checks"] if check["id"] in checks}
        # and what is told as information is told
        ranks = {"info": 2, "pass": 1}
        rank = lambda verdict: ranks.get(verdict, 0)
        verdicts.update({check: verdict for check, verdict in of_scenario.items() if rank(verdict) >= rank(verdicts.get(check))})
    if not checks:
        state, detail = "no check", None
    elif "info" in as_list(entry["severity"]) and any(verdict == "info" for verdict in verdicts.values()):
        # what nearly every server does is told, and is no finding
        state, detail = "found", None
    elif any(verdict == "pass" for verdict in verdicts.values()):
        state, detail = "passed", None
    else:
        state, detail = "not reached", ", ".join(f"{check} {verdict}" for check, verdict in sorted(verdicts.items())) or "not planned"
    return {"what": entry["what"], "checks": checks, "state": state, "detail": detail}


def finding(expected, scenario, found, seen):
    """Whether a finding is right: it names a known deviation, with the severity that it has."""
    row = {key: found[key] for key in ("check", "severity", "verdict", "summary")}
    row["at"] = f"{found['method']} {found['endpoint']}"
    of_check = [
        entry
        for entry in expected.get("deviations") or []
        if found["check"] in as_list(entry.get("checks")) and in_scenario(entry, scenario) and at_resource(entry, found)
    ]
    # one check may show two causes at one place, such as leniency and a server that breaks
    place = tuple(found[key] for key in ("check", "part", "verdict", "method", "endpoint", "summary")) + (scenario,)
    if place in seen:
        row["state"], row["why"] = "wrong", "the same cause again"
    elif any(found["severity"] in as_list(entry["severity"]) for entry in of_check):
        row["state"] = "right"
    elif of_check:
        row["state"] = "wrong" if found["severity"] in GRAVE else "arguable"
        row["why"] = f"the severity is {' or '.join(as_list(of_check[0]['severity']))}"
    else:
        row["state"], row["why"] = "wrong", "not expected"
        for kind, name in (("arguable", "arguable"), ("wrong", "not_deviations")):
            for entry in expected.get(name) or []:
                if found["check"] in as_list(entry.get("checks")) and in_scenario(entry, scenario) and at_resource(entry, found):
                    row["state"], row["why"] = kind, entry["why"]
    seen.add(place)
    return row


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def in_scenario(entry, name):
    return "scenario" not in entry or entry["scenario"] == name


def at_resource(entry, cell):
    return "resource" not in entry or entry["resource"] == f"{cell.get('method')} {cell.get('endpoint')}"


def totals(scored):
    states = Counter(entry["state"] for entry in scored["deviations"])
    rows = Counter(entry["state"] for entry in scored["findings"])
    return {
        "known": len(scored["deviations"]),
        "found": states["found"],
        "passed": states["passed"],
        "not reached": states["not reached"],
        "no check": states["no check"],
        "findings": len(scored["findings"]),
        "right": rows["right"],
        "arguable": rows["arguable"],
        "wrong": rows["wrong"],
        "wrong and grave": sum(entry["state"] == "wrong" and entry["severity"] in GRAVE for entry in scored["findings"]),
    }


def is_clean(scored):
    count = totals(scored)
    return not count["wrong"] and not count["passed"] and not count["not reached"] and not scored["load"]


def lines(scored):
    count = totals(scored)
    yield (
        f"{count['known']} deviations known, {count['found']} found, {count['passed']} passed, {count['not reached']} not reached, "
        f"{count['no check']} without a check; {count['findings']} findings: {count['right']} right, {count['arguable']} arguable, "
        f"{count['wrong']} wrong"
    )
    for entry in scored["deviations"]:
        if entry["state"] != "found":
            yield f"  {entry['state']}: {entry['what']}" + (f" ({entry['detail']})" if entry["detail"] else "")
    for entry in scored["findings"]:
        if entry["state"] != "right":
            yield f"  {entry['state']}: {entry['check']} ({entry['severity']}, {entry['at']}): {entry['summary']}; {entry['why']}"
    yield from (f"  {line}" for line in scored["load"])


def verdicts(report):
    """The verdict of each check of each scenario."""
    return {(scenario["name"], check["id"]): check["verdict"] for scenario in report["scenarios"] for check in scenario["checks"]}


def changes(runs):
    seen = {}
    for run in runs:
        for key, verdict in run.items():
            seen.setdefault(key, Counter())[verdict] += 1
    return {key: count for key, count in sorted(seen.items()) if len(count) > 1}


def stability(runs):
    """How many verdicts there were, how many checks had two of them, and how many verdicts turned inconclusive."""
    rows = [(count, [verdict for verdict in count if verdict != "inconclusive"]) for count in changes(runs).values()]
    return {
        "runs": len(runs),
        "verdicts": sum(len(run) for run in runs),
        "two verdicts": sum(len(decided) > 1 for _, decided in rows),
        "turned inconclusive": sum(count["inconclusive"] for count, decided in rows if len(decided) == 1),
    }
