#!/usr/bin/env python3
"""Writes docs/costs.md: what each scheme costs by the paired study, beside the sum of the benches that need no network.

    cargo run --release -- run scenarios/overhead.yaml --report jsonl=reports/sample/costs.jsonl
    cargo run --release -- run scenarios/overhead-tls.yaml --report jsonl=reports/sample/costs-tls.jsonl
    cargo bench --bench schemes -- 'verify/|prepare/|mint/'
    cargo bench --bench handshakes
    python3 benches/costs.py

All of them on one machine that does nothing else, one after the other. It reads the records of the first two and what
criterion kept of the benches (target/criterion).
"""
import json, pathlib, sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
CRITERION = ROOT / 'target/criterion'
STUDIES = [('over plain HTTP', 'costs.jsonl'), ('over TLS', 'costs-tls.jsonl')]
HANDSHAKES = [
    ('tls-full', 'full, key exchange x25519'), ('tls-full-x25519mlkem768', 'full, key exchange X25519MLKEM768'),
    ('tls-resumed', 'resumed'), ('mtls-full', 'full, with a client certificate'),
]


def record(name):
    """The machine of a run, and the rows of its study."""
    path = ROOT / 'reports/sample' / name
    events = [json.loads(line) for line in path.read_text().splitlines()]
    started = next(event for event in events if event['event'] == 'run-started')
    studies = [event for event in events if event['event'] == 'overhead-finished']
    if len(studies) != 1:
        sys.exit(f'{path}: {len(studies)} studies, and one was expected')
    return started, studies[0]['rows']


def median(*path):
    """Median of a bench in microseconds; none where it did not run."""
    try:
        kept = json.loads((CRITERION.joinpath(*path) / 'new/estimates.json').read_text())
    except FileNotFoundError:
        return None
    return kept['median']['point_estimate'] / 1000


def shown(value, signed=False):
    """Three significant digits, as reports show times."""
    if value is None:
        return ''
    unit = 'µs'
    if abs(value) >= 1000:
        value, unit = value / 1000, 'ms'
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    if round(value, digits) == 0:
        return '0 µs'
    text = f'{value:+.{digits}f}' if signed else f'{value:.{digits}f}'
    return f'{text} {unit}'.replace('-', '−')


def line(row, none):
    """One scheme of a study; `none` holds what the benches say of the baseline."""
    name, cost = row['name'], row['difference_us']
    told = shown(cost['value'], True) if row['distinguishable'] else 'not distinguishable'
    interval = f"{shown(cost['low'], True)} … {shown(cost['high'], True)}"
    server = (row.get('server_us') or {}).get('value')
    parts = [median(of, name) for of in ('prepare', 'verify')]
    benches = [None if part is None else part - base for part, base in zip(parts, none)]
    total = None if None in benches else sum(benches)
    rest = None if total is None else cost['value'] - total
    cells = [told, interval, shown(row.get('client_us'), True), shown(server, True), shown(row.get('rest_us'), True)]
    cells += [shown(value, True) for value in (*benches, total, rest)]
    return f"| {name} | {' | '.join(cells)} |"


def main():
    none = [median(of, 'none') for of in ('prepare', 'verify')]
    if None in none:
        sys.exit(f"{CRITERION} has no benches: cargo bench --bench schemes -- 'verify/|prepare/|mint/'")
    out = ["# What each scheme costs", '']
    out += [INTRODUCTION, '']
    head = 'scheme | cost | 95 % interval | client | server | rest | prepare | verify | sum | cost − sum'
    for place, name in STUDIES:
        started, rows = record(name)
        out += [f'## Requests {place}', '', f'| {head} |', '|---' * 10 + '|']
        out += [line(row, none) for row in rows] + ['']
        machine = started['machine']
        out += [f"{machine['cpu']}, {machine['cpus']} processors, {started['started'][:10]}.", '']
        if place == 'over plain HTTP':
            out += [READING, '']
    out += ['## Handshakes', '', HANDSHAKE, '', '| handshake | client | server |', '|---|---|---|']
    for name, words in HANDSHAKES:
        out.append(f"| {words} | {shown(median('handshake', f'{name}_client'))} | {shown(median('handshake', f'{name}_server'))} |")
    out += ['', '## Tokens that a client signs itself', '', MINT, '', '| token | to sign it |', '|---|---|']
    out += [f"| {alg} | {shown(median('mint', 'jwt-' + alg.lower()))} |" for alg in MINTED]
    (ROOT / 'docs/costs.md').write_text('\n'.join(out) + '\n')


INTRODUCTION = '''\
All schemes on one page, as [`benches/costs.py`](../benches/costs.py) writes it. The columns on the left come from the
[paired study](methodology.md#paired-overhead): how much longer a request takes than one without authentication, the 95 % interval of that, and
its split. *Client* is what preparing the request takes more, *server* what the reference says it spent on authentication, *rest* what remains.
The columns on the right come from benches in one process, without a network: *prepare* is what the client does, *verify* what the server does,
each less what it takes without authentication, and *sum* is both.'''

READING = '''\
Benches run one row after the other: in three runs of them the row of a signature by RSA came out 30 % apart, so that a difference of a third or
less says nothing. What is left over the sum is what no bench in one process sees: bytes that go over the wire and are parsed (a token of ML-DSA-87
has 6 KB), fields of the answer, caches that are cold because something else ran in between. Of the rows that sign each request the rest is 3 to 35 µs,
and what it consists of was not found out. That the thread of the server sleeps while the client signs is a small part of it: a request without
authentication took 0.7 µs longer after a pause of 20 µs, and 2.5 µs longer after one of 250 µs.

Benches have no row of `digest-asked-each-time` and of the two rows of introspection, which ask somebody else in between.'''

HANDSHAKE = '''\
A connection that stays open pays for its handshake once. Medians of `cargo bench --bench handshakes`, both sides in one process; the network,
and the round trips over it, come on top. A client certificate is proven in a full handshake each time.'''

MINT = '''\
A client that has its issuer's key, or proves by `private_key_jwt` who it is, signs one token for many requests.'''

MINTED = ['HS256', 'RS256', 'ES256', 'EdDSA', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87']

if __name__ == '__main__':
    main()
