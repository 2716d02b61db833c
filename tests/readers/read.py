"""Reads reports with the libraries that others read them with, and prints what they saw as JSON.

Usage: read.py junit|openmetrics|hlog FILE. Exit 3: the library is not installed.
"""

import json
import sys


def junit(path):
    from junitparser import Failure, Error, JUnitXml, Skipped

    xml = JUnitXml.fromfile(path)
    cases = [case for suite in xml for case in suite]
    kinds = lambda kind: sum(any(isinstance(one, kind) for one in case.result) for case in cases)
    return {
        "suites": len(list(xml)),
        "tests": xml.tests,
        "cases": len(cases),
        "failures": kinds(Failure),
        "errors": kinds(Error),
        "skipped": kinds(Skipped),
        "named": all(case.name and case.classname for case in cases),
    }


def openmetrics(path):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
    from prometheus_client.parser import text_string_to_metric_families as prometheus_families

    text = open(path, encoding="utf-8").read()
    samples = [sample for family in openmetrics_families(text) for sample in family.samples]
    # collectors of text files read the older format
    older = [sample for family in prometheus_families(text) for sample in family.samples]
    of = lambda name: {json.dumps(sample.labels, sort_keys=True): sample.value for sample in samples if sample.name == name}
    return {
        "samples": len(samples),
        "older": len(older),
        "exit_code": of("authbench_exit_code")["{}"],
        "findings": of("authbench_findings")["{}"],
        "labels": sorted({value for sample in samples for name, value in sample.labels.items() if name == "lane"}),
    }


def hlog(path):
    from hdrh.histogram import HdrHistogram
    from hdrh.log import HistogramLogReader

    tags = {}
    total = HdrHistogram(1, 3_600_000_000_000, 3)
    reader = HistogramLogReader(path, total)
    while True:
        interval = reader.get_next_interval_histogram()
        if interval is None:
            break
        kept = tags.setdefault(interval.get_tag(), HdrHistogram(1, 3_600_000_000_000, 3))
        kept.add(interval)
    return {
        tag: {"count": kept.get_total_count(), "p99": kept.get_value_at_percentile(99.0)} for tag, kept in tags.items()
    }


if __name__ == "__main__":
    try:
        print(json.dumps({"junit": junit, "openmetrics": openmetrics, "hlog": hlog}[sys.argv[1]](sys.argv[2])))
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
