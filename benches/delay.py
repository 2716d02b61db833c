#!/usr/bin/env python3
"""How late requests leave under load where each is signed, against API keys: the scheduling delay at 2,000 requests a second.

    cargo build --release
    python3 benches/delay.py [ROUNDS [SCHEME...]]

Each round runs all schemes in an order of its own, 4 s each, against the built-in reference; ratios are taken within a round. API keys run
twice in each: what they differ from themselves is what the machine does. Schemes that need TLS are compared with API keys over TLS.
"""
import json, pathlib, random, statistics, subprocess, sys, tempfile

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / 'target/release/authbench'
# name: scheme, target, further keys of the phase, whom it is compared with
SCHEMES = {
    'api-key': ('api-key', 'reference', '', 'api-key'),
    'api-key again': ('api-key', 'reference', '', 'api-key'),
    'hmac': ('hmac', 'reference', '', 'api-key'),
    'sigv4': ('sigv4', 'reference', '', 'api-key'),
    'http-signature': ('http-signature', 'reference', '', 'api-key'),
    'dpop, 64 keys': ('{ oauth2-client-credentials: { dpop: { alg: ES256 } } }', 'reference', ', pool: { tokens: 64 }', 'api-key'),
    'api-key over TLS': ('api-key', '{ reference: { tls: true } }', '', 'api-key over TLS'),
    'mtls': ('mtls', '{ reference: { tls: true } }', ', pool: declared', 'api-key over TLS'),
}
SCENARIO = '''authbench: 1
name: {name}
target: {target}
scheme: {scheme}
load:
  - {{ name: steady, rate: 2000/s, connections: 16, warmup: 500ms, duration: 4s{more} }}
'''


def measure(name, folder):
    """Scheduling delay of a run: its median and its p99, in microseconds."""
    scheme, target, more, _ = SCHEMES[name]
    scenario, out = folder / 'scenario.yaml', folder / 'run.jsonl'
    scenario.write_text(SCENARIO.format(name=name, target=target, scheme=scheme, more=more))
    command = [PROGRAM, 'run', scenario, '--only', 'load', '--report', f'jsonl={out}']
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0 or not out.exists():
        sys.exit(f'{name}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}')
    events = [json.loads(line) for line in out.read_text().splitlines()]
    return next(event for event in events if event['event'] == 'load-finished')['lateness_us']


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    asked = sys.argv[2:] or list(SCHEMES)
    seen = {name: [] for name in SCHEMES if name in asked or any(SCHEMES[one][3] == name for one in asked)}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name in random.sample(list(seen), len(seen)):
                seen[name].append(measure(name, pathlib.Path(folder)))
    print(f'scheduling delay at 2,000 requests a second, {rounds} rounds: medians, least and most')
    for name in seen:
        other = SCHEMES[name][3]
        p99 = [one['p99'] for one in seen[name]]
        ratios = [mine['p99'] / base['p99'] for mine, base in zip(seen[name], seen[other])]
        told = f'{statistics.median(p99):6.0f} us [{min(p99):.0f} to {max(p99):.0f}]'
        print(f'{name:18} p99 {told:28} against {other}: {statistics.median(ratios):.2f} [{min(ratios):.2f} to {max(ratios):.2f}]')


if __name__ == '__main__':
    main()
