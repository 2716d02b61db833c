"""Keeps scores in lab/results.json, and writes docs/lab.md from them."""

import json
import os

import application
import score

ELSEWHERE = os.path.join(application.LAB, "elsewhere.json")
RESULTS = os.path.join(application.LAB, "results.json")
PAGE = os.path.join(application.LAB, "..", "docs", "lab.md")
COLUMNS = ("known", "found", "passed", "not reached", "no check", "findings", "right", "arguable", "wrong", "wrong and grave")


def record(label, scores):
    results = recorded()
    results.setdefault(label, {}).update({name: score.totals(scored) for name, scored in scores.items()})
    with open(RESULTS, "w") as file:
        json.dump(results, file, indent=1, sort_keys=True)
        file.write("\n")


def record_repeats(rows):
    results = recorded()
    results.setdefault("repeats", {}).update(rows)
    with open(RESULTS, "w") as file:
        json.dump(results, file, indent=1, sort_keys=True)
        file.write("\n")


def recorded():
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS) as file:
        return json.load(file)


def text(scores):
    yield f"{'':24}" + " ".join(f"{column:>11}" for column in COLUMNS)
    counts = {name: score.totals(scored) for name, scored in scores.items() if scored}
    for name, count in counts.items():
        yield f"{name:24}" + " ".join(f"{count[column]:>11}" for column in COLUMNS)
    yield f"{'all':24}" + " ".join(f"{sum(count[column] for count in counts.values()):>11}" for column in COLUMNS)


INTRODUCTION = """# Results of the lab

`lab/run --table` writes this page from `lab/results.json`. [lab/README.md](../lab/README.md) says how to run the lab.

The applications are packages that nobody of this project wrote, in their default configuration or that of their quick start. What is
expected of each is in its `expected.yaml`: each deviation was confirmed by a request that authbench did not send, and its clause was read.

| column | description |
|---|---|
| known | deviations that are known, whoever found them |
| found | known deviations that a finding names |
| passed | known deviations that a check looks for, and that it passed |
| not reached | known deviations whose check was not tested, not applicable or inconclusive |
| no check | known deviations that no check looks for |
| findings | causes that authbench reported |
| right | findings that name a known deviation, with its severity |
| arguable | findings that are true and that a reader may reject: the clause can be read in two ways, or the severity |
| wrong | findings that are not true; of high or critical severity in brackets |
"""

FIRST_CONTACT = """\
Applications that authbench met when it had been corrected with all others. What is known about each was written down from its source
and from requests of our own before authbench ran; what authbench found beside that, and was confirmed, counts as known and found."""

SECOND_CONTACT = """\
Applications that authbench met when it had been corrected with those of the first round too. Of the wrong findings, the five of
json-server-auth are true: what was written down beforehand missed them. The one of pyramid_jwt is arguable."""

THIRD_CONTACT = """\
Applications that authbench met when it had been corrected with those of the second round as well. The wrong finding of high severity was
the login of Jetty, which a further request confirms; the other five were about redirects to a login, a cookie that is set again, and HEAD
where it is not offered."""

FOURTH_CONTACT = """\
Applications that authbench met when it had been corrected with those of the third round as well: frameworks, libraries and servers. Of the 25
findings that are counted as wrong, 21 are true by a further request, six of the grave ones among them: what was written down beforehand
had missed them, or named another check. The other four were about an account that lacks the right, a heading that did not fit, 401 where the
default profile asks for 403, and a critical severity that a reader may lower. One that is counted as right was false: a scheme name
that differs by case alone."""


FIFTH_CONTACT = """\
Applications that authbench met when it had been corrected with those of the fourth round as well: in Rust, Ruby, Perl, PHP and C, and in Python and
JavaScript. Of the 26 findings that are counted as wrong, 20 are true by a further request, and six of those have a severity that a reader may
lower. Six were false: an address that was taken for a secret (critical), a CSRF token that is the same for all (high), an introspection that calls
a token inactive and was said to be granted (high), a redirect that repeats the address, guesses at cookies where the login is slowed down, and
401 to a key behind a scheme name."""

SIXTH_CONTACT = """\
Applications that authbench met when it had been corrected with those of the fifth round as well, and with what nearly all applications of the
lab show: servers and frameworks in Python, JavaScript and PHP. By hand more was looked for than checks look for: 33 of the known deviations have
no check. Of the two findings that are counted as wrong, one is true, with a severity that a reader may lower; the other one is false: every
request without a credential was refused like that, whatever its body."""

SEVENTH_CONTACT = """\
Six more applications, chosen before any of them was looked at: an identity and storage server, an OpenID Connect provider, a server of
second factors, a library of OAuth 2.0, one of logins and a monitor. Each was probed by hand before authbench ran; what the run of \
authbench showed first is among what is known as well."""

EIGHTH_CONTACT = """\
Six more, probed by hand in the same way: a server of objects and users, a framework in Rust, a monitor of pages, a print server, a
library of OpenID Connect and a library of books. The counts of parse-server and salvo are those of a second run, after their scenarios had been
extended; that of changedetection is the first one. Of the three grave findings that are wrong, one was a session that a second cookie of the same
login opened (critical), one a refresh token that rotates for public clients alone (high), and one is true, with a severity that a reader may \
lower. All three are corrected."""

NINTH_CONTACT = """\
Four more, probed by hand in the same way: an OpenID Connect provider in Django, a file server in Rust, a server of home automation with an
authorization server of its own, and a wiki in PHP. The counts are those of the first run. In that of django-allauth, the limits of the \
application left most of two scenarios inconclusive. The grave finding that is wrong was a key of hexadecimal digits, which is the same in \
upper case. It is corrected, and so are two of the other three."""


TENTH_CONTACT = """\
Six more, probed by hand in the same way: a DNS proxy with its web console, a library of logins in JavaScript, an issue tracker in Python, a
framework in Rust, a server of the Model Context Protocol with an authorization server of its own, and an editor for several people. The counts
of dnsdist, poem-openapi and mcp-auth are those of a run after a mistake in their scenario had been corrected, the others those of the first
run. The two grave findings that are wrong are one and the same: a write that sets the value which is there already was taken for one that \
anybody may do."""


ELEVENTH_CONTACT = """\
Four more, probed by hand in the same way: a library of user interfaces in Python, a gateway for language models, a server of business
applications, and a framework in JavaScript with sessions and CSRF tokens. The counts are those of the first run, also where a scenario had a
mistake; deviations of Tryton that nobody there may know yet are left out. Of the wrong findings, nine are one and the same: each request
without a credential was answered with 500, and checks of what does not parse took that for their own. The grave ones are an Origin that no
browser has, and a session whose user name is not compared (true, and not high). All of them are corrected."""


ELSEWHERE_BLIND = """\
Applications that are in no folder of the lab. Whoever tested them had not seen the code of authbench, wrote down what is wrong and confirmed it by
hand first, and then wrote scenarios from README and documentation alone. Each row is the first run of a round, the oldest first; what it showed was
corrected before the next one. Findings of the third row are those beside what was known. Before the last two rows there was another round,
of whose counts only the share that was found is kept (76 %)."""

PLANTED = """\
Servers that were written for this, with deviations that a second tester planted, and a correct twin of most of them; tested in the same way.
Where the findings were not counted, their columns are empty."""


def elsewhere():
    with open(ELSEWHERE) as file:
        groups = json.load(file)
    yield f"## Outside of the lab\n\n{ELSEWHERE_BLIND}\n"
    for rows, about in ((groups["applications"], None), (groups["planted"], PLANTED)):
        if about:
            yield f"{about}\n"
        yield f"| {'server' if about else 'applications'} | known | found | passed | not reached | no check | findings | right | arguable | wrong |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        for counted in rows:
            yield row(cell(counted["what"]), counted)
        yield ""


def write():
    with open(PAGE, "w") as file:
        file.write("\n".join(page()))


def page():
    results = recorded()
    yield INTRODUCTION
    expectations = {name: application.expected(name) for name in application.names()}
    groups = (
        ("Before", "before", "authbench as it was before its mistakes on these applications were corrected.", "before"),
        ("After", "after", "The same applications, after the corrections.", "before"),
        ("First used at the end", "after", "Applications that authbench met only after the corrections.", "end"),
        ("First contact", "new", FIRST_CONTACT, None),
        ("First contact, second round", "second", SECOND_CONTACT, None),
        ("First contact, third round", "third", THIRD_CONTACT, None),
        ("First contact, fourth round", "fourth", FOURTH_CONTACT, None),
        ("First contact, fifth round", "fifth", FIFTH_CONTACT, None),
        ("First contact, sixth round", "sixth", SIXTH_CONTACT, None),
        ("First contact, seventh round", "seventh", SEVENTH_CONTACT, None),
        ("First contact, eighth round", "eighth", EIGHTH_CONTACT, None),
        ("First contact, ninth round", "ninth", NINTH_CONTACT, None),
        ("First contact, tenth round", "tenth", TENTH_CONTACT, None),
        ("First contact, eleventh round", "eleventh", ELEVENTH_CONTACT, None),
        ("Latest", "latest", "All applications, after what those of the end and of the first contact had shown was corrected as well.", None),
    )
    for title, label, about, used in groups:
        rows = {name: count for name, count in results.get(label, {}).items() if name in expectations and used in (None, expectations[name]["first_used"])}
        if not rows:
            continue
        yield f"## {title}\n\n{about}\n"
        yield from rows_of(rows, expectations)
        yield ""
    yield from elsewhere()
    repeats = results.get("repeats", {})
    if repeats:
        yield "## From run to run\n\nEach application is started anew for each run (`lab/run --repeat`).\n"
        yield "| application | runs | verdicts | checks with two verdicts | verdicts that turned inconclusive |"
        yield "|---|---|---|---|---|"
        columns = ("runs", "verdicts", "two verdicts", "turned inconclusive")
        for name, row_of in sorted(repeats.items()):
            yield f"| {expectations[name]['application']} | " + " | ".join(str(row_of[column]) for column in columns) + " |"
        yield ""
    yield "## Deviations\n"
    for name, expected in expectations.items():
        if not expected.get("deviations"):
            continue
        yield f"### {expected['application']}\n"
        yield "| deviation | clause | severity | confirmed | check |"
        yield "|---|---|---|---|---|"
        for entry in expected["deviations"]:
            checks = ", ".join(f"`{check}`" for check in score.as_list(entry.get("checks"))) or "none"
            severity = " or ".join(score.as_list(entry["severity"]))
            yield "| " + " | ".join(cell(part) for part in (entry["what"], entry["clause"], severity, entry["confirmed"], checks)) + " |"
        yield ""


def rows_of(rows, expectations):
    yield "| application | known | found | passed | not reached | no check | findings | right | arguable | wrong |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name in sorted(rows):
        yield row(expectations[name]["application"], rows[name])
    yield row("**all**", {column: sum(count[column] for count in rows.values()) for column in COLUMNS})
    known, findings = sum(count["known"] for count in rows.values()), sum(count["findings"] for count in rows.values())
    found = sum(count["found"] for count in rows.values())
    right = sum(count["right"] for count in rows.values())
    if known and findings:
        yield f"\nFound: {found} of {known} known deviations ({100 * found // known} %). Right: {right} of {findings} findings ({100 * right // findings} %)."


def row(title, count):
    wrong = f"{count['wrong']} ({count['wrong and grave']})" if "wrong" in count else ""
    return f"| {title} | " + " | ".join(str(count.get(column, "")) for column in COLUMNS[:-2]) + f" | {wrong} |"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ").strip()
