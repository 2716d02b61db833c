#!/usr/bin/env python3
"""Compares authbench with wrk and oha on this machine, and the stall experiment with the analytic truth.

    cargo build --release --bin authbench --example peer-target
    python3 benches/peers/compare.py                # everything, about five minutes
    python3 benches/peers/compare.py plain tls      # some of: plain tls http2 stall late prepared memory

It installs nothing: wrk and oha (h2load for HTTP/2) take part where they are on the PATH. The target runs on the last processor, the client on
the first. Rounds are interleaved in a random order; ratios are taken within a round, and their median is what counts.
CPU is user and system time of the whole client process (wait4), start and report included. Where times are measured and
not CPU, the client is not bound to a processor.
"""
import argparse, json, os, pathlib, random, re, shutil, statistics, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = 'key-0042-0123456789abcdef'
STALL_S, PERIOD_S = 0.2, 2.0


class Target:
    """A target on the last processor."""

    def __init__(self, mode, folder):
        self.mode, self.ca = mode, f'{folder}/ca.pem'
        command = pinned(-1) + [str(BUILD / 'examples/peer-target'), mode] + ([self.ca] if mode == 'tls' else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        scheme, port = ('https' if mode == 'tls' else 'http'), self.process.stdout.readline().strip()
        self.url = f'{scheme}://127.0.0.1:{port}'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def pinned(cpu):
    cpus = sorted(os.sched_getaffinity(0))
    return ['taskset', '-c', str(cpus[cpu])] if shutil.which('taskset') and len(cpus) > 1 else []


def client(command, alone=True):
    """Runs a client, alone on the first processor or wherever it likes: output, CPU seconds, peak memory in MB."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen((pinned(0) if alone else []) + command, stdout=out, stderr=subprocess.STDOUT)
        _, _, usage = os.wait4(process.pid, 0)
        out.seek(0)
        return out.read().decode(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def scenario(folder, target, phase):
    tls = f', tls: {{ ca: {target.ca} }}' if target.mode == 'tls' else ''
    path = pathlib.Path(folder) / 'scenario.yaml'
    path.write_text(
        'authbench: 1\nname: peers\n'
        f'target: {{ url: "{target.url}", owned: true{tls} }}\n'
        'scheme: { api-key: { header: X-API-Key } }\n'
        'credentials: { one: { key: "${PEER_KEY}" } }\n'
        'resources:\n  - { request: GET /, success: { status: 200, json: /ok } }\n'
        f'load:\n  - {phase}\n')
    return str(path)


def authbench(folder, target, phase, more=(), alone=False):
    report = f'{folder}/report.json'
    command = [str(BUILD / 'authbench'), 'run', scenario(folder, target, phase), '--only', 'load', '--quiet']
    out, cpu, memory = client(command + ['--report', f'json={report}', *more], alone)
    try:
        figures = json.load(open(report))['scenarios'][0]['load'][0]
    except (OSError, LookupError, ValueError):
        sys.exit(f'authbench gave no figures:\n{out}')
    return figures.get('figures') or figures, cpu, memory


def of_authbench(folder, target, connections, seconds):
    phase = f'{{ name: closed, connections: {connections}, duration: {seconds}s }}'
    figures, cpu, memory = authbench(folder, target, phase, ['--threads', '1'], alone=True)
    return figures['requests'], figures['achieved_rate'], cpu, memory


def of_wrk(_, target, connections, seconds):
    command = ['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '-H', f'X-API-Key: {KEY}', target.url + '/']
    out, cpu, memory = client(command)
    requests = int(re.search(r'(\d+) requests in', out)[1])
    return requests, float(re.search(r'Requests/sec:\s+([\d.]+)', out)[1]), cpu, memory


def of_oha(_, target, connections, seconds):
    command = ['oha', '--no-tui', '--output-format', 'json', '-z', f'{seconds}s', '-c', str(connections), '--insecure']
    out, cpu, memory = client(command + ['-H', f'X-API-Key: {KEY}', target.url + '/'])
    report = json.loads(out)
    rate = report['summary']['requestsPerSec']
    return rate * report['summary']['total'], rate, cpu, memory


def tools():
    found = {'authbench': of_authbench}
    for name, run in (('wrk', of_wrk), ('oha', of_oha)):
        if shutil.which(name):
            found[name] = run
        else:
            print(f'({name} is not on the PATH and takes no part)')
    return found


def compare(folder, mode, rounds, seconds, connections):
    """CPU a request, throughput and memory of each tool, and the median of the ratios to authbench's within each round."""
    runs, taking_part = {}, tools()
    with Target(mode, folder) as target:
        for _ in range(rounds):
            for name in random.sample(sorted(taking_part), len(taking_part)):
                requests, rate, cpu, memory = taking_part[name](folder, target, connections, seconds)
                runs.setdefault(name, []).append((cpu * 1e6 / requests, rate, memory))
    print(f'\n{mode}, {connections} connections, {rounds} rounds of {seconds} s: medians, and authbench relative to each tool')
    print(f'{"tool":12}{"CPU us/request":>16}{"requests/s":>12}{"memory MB":>11}{"CPU ratio":>22}{"rate ratio":>22}')
    ours = runs['authbench']
    for name, results in sorted(runs.items()):
        columns = [statistics.median(column) for column in zip(*results)]
        row = f'{name:12}{columns[0]:16.2f}{columns[1]:12.0f}{columns[2]:11.1f}'
        if name != 'authbench':
            for column in (0, 1):
                ratios = sorted(one[column] / other[column] for one, other in zip(ours, results))
                row += f'{statistics.median(ratios):10.2f} [{ratios[0]:.2f}..{ratios[-1]:.2f}]'
        print(row)


def of_h2load(_, target, connections, streams, seconds):
    command = ['h2load', '-t1', f'-c{connections}', f'-m{streams}', f'-D{seconds}', '-H', f'X-API-Key: {KEY}']
    out, cpu, memory = client(command + [target.url + '/'])
    return int(re.search(r'requests: (\d+) total', out)[1]), float(re.search(r'([\d.]+) req/s', out)[1]), cpu, memory


def over_http2(target, folder, connections, streams, seconds):
    phase = f'{{ name: closed, http: 2, connections: {connections}, streams: {streams}, duration: {seconds}s }}'
    figures, cpu, memory = authbench(folder, target, phase, ['--threads', '1'], alone=True)
    return figures['requests'], figures['achieved_rate'], cpu, memory


def http2(folder, rounds, seconds, requests):
    """CPU a request over HTTP/2 beside HTTP/1.1, with as many requests at a time, by one server that speaks both."""
    shapes = [(connections, requests // connections) for connections in (1, 8, requests)]
    with Target('http2', folder) as target:
        ways = {f'HTTP/1.1, {requests} connections': lambda: of_authbench(folder, target, requests, seconds)}
        for shape in shapes:
            name = 'HTTP/2, {} connections of {} streams'.format(*shape)
            ways[name] = lambda shape=shape: over_http2(target, folder, *shape, seconds)
            if shutil.which('h2load'):
                ways['h2load: ' + name] = lambda shape=shape: of_h2load(folder, target, *shape, seconds)
        runs = {name: [] for name in ways}
        for _ in range(rounds):
            for name in random.sample(sorted(ways), len(ways)):
                sent, rate, cpu, memory = ways[name]()
                runs[name].append((cpu * 1e6 / sent, rate, memory))
    print(f'\nHTTP/2, {requests} requests at a time, {rounds} rounds of {seconds} s: medians, and relative to HTTP/1.1')
    print(f'{"":48}{"CPU us/request":>16}{"requests/s":>12}{"memory MB":>11}{"CPU ratio":>22}')
    first = next(iter(runs.values()))
    for name, results in runs.items():
        columns = [statistics.median(column) for column in zip(*results)]
        ratios = sorted(one[0] / other[0] for one, other in zip(results, first))
        row = f'{name:48}{columns[0]:16.2f}{columns[1]:12.0f}{columns[2]:11.1f}'
        print(row + f'{statistics.median(ratios):10.2f} [{ratios[0]:.2f}..{ratios[-1]:.2f}]')


def truth(quantile):
    """Response time in ms of arrivals at an even rate: a tenth of them wait, for a time even between 0 and the stall."""
    share = STALL_S / PERIOD_S
    return max(0.0, (quantile - (1 - share)) / share) * STALL_S * 1000


def stall(folder):
    """The whole server stalls for 200 ms every 2 s; 1000 requests a second are offered for 10 s, which hold 5 stalls whole."""
    named = {'p50': 0.5, 'p95': 0.95, 'p99': 0.99, 'p999': 0.999, 'max': 1.0}
    print('\nstall experiment, ms: the server stops for 200 ms every 2 s, 1000 requests a second for 10 s')
    print(f'{"":34}' + ''.join(f'{name:>9}' for name in named) + '   largest error at p95, p99, p99.9')
    print(f'{"analytic truth":34}' + ''.join(f'{truth(quantile):9.1f}' for quantile in named.values()))
    for label, phase in (
        ('open model, 10 connections', '{ name: open, rate: 1000/s, connections: 10, warmup: 1s, duration: 10s }'),
        ('open model, 100 connections', '{ name: open, rate: 1000/s, connections: 100, warmup: 1s, duration: 10s }'),
        ('closed model, 10 connections', '{ name: closed, connections: 10, warmup: 1s, duration: 10s }'),
    ):
        with Target('stall', folder) as target:
            figures, _, _ = authbench(folder, target, phase)
        times = {name: figures['response_time_us'][name] / 1000 for name in named}
        row = f'{label:34}' + ''.join(f'{times[name]:9.1f}' for name in named)
        if label.startswith('open'):
            errors = [abs(times[name] / truth(named[name]) - 1) for name in ('p95', 'p99', 'p999')]
            row += f'   {max(errors):.1%}'
        else:
            row += '   (labelled as service times: the stall holds requests back)'
        print(row)


def late(folder):
    """How late requests leave, with the processor that waiting takes."""
    print('\nlateness us: how long after it was due a request left')
    print(f'{"rate":>10}{"p50":>9}{"p90":>9}{"p99":>9}{"p99.9":>9}{"max":>9}{"CPU of one core":>18}')
    with Target('raw', folder) as target:
        for rate in (1000, 5000, 20000):
            phase = f'{{ name: late, rate: {rate}/s, connections: 16, warmup: 1s, duration: 5s }}'
            figures, cpu, _ = authbench(folder, target, phase)
            times = [figures['lateness_us'][name] for name in ('p50', 'p90', 'p99', 'p999', 'max')]
            print(f'{rate:>8}/s' + ''.join(f'{time:9.1f}' for time in times) + f'{cpu / 6:18.0%}')


def delay(folder, scheme, http, rate):
    """Scheduling delay in us at a steady rate against the built-in server, which makes the credentials itself."""
    path, report = pathlib.Path(folder) / 'prepared.yaml', f'{folder}/prepared.json'
    phase = f'{{ name: steady, http: {http}, rate: {rate}/s, connections: 16, warmup: 1s, duration: 4s }}'
    path.write_text(f'authbench: 1\nname: prepared\ntarget: reference\nscheme: {scheme}\nload:\n  - {phase}\n')
    command = [str(BUILD / 'authbench'), 'run', str(path), '--only', 'load', '--quiet', '--report', f'json={report}']
    out, _, _ = client(command, alone=False)
    try:
        return json.load(open(report))['scenarios'][0]['load'][0]['lateness_us']
    except (OSError, LookupError, ValueError):
        sys.exit(f'authbench gave no figures:\n{out}')


def prepared(folder, rounds, rate=1000):
    """Scheduling delay of requests that are made one by one beside that of API keys, in rounds; API keys stand there twice."""
    print(f'\nscheduling delay us at {rate}/s, {rounds} rounds of 4 s: medians, and p99 relative to API keys within a round')
    print(f'{"":24}{"p50":>9}{"p90":>9}{"p99":>9}{"p99.9":>9}{"p99 ratio":>22}')
    for http, version in ((1, 'HTTP/1.1'), (2, 'HTTP/2')):
        ways = {'api-key': 'api-key', 'api-key again': 'api-key', 'digest': 'digest'}
        runs = {name: [] for name in ways}
        for _ in range(rounds):
            for name in random.sample(sorted(ways), len(ways)):
                runs[name].append(delay(folder, ways[name], http, rate))
        for name, results in runs.items():
            row = f'{f"{version}, {name}":24}'
            row += ''.join(f'{statistics.median(result[q] for result in results):9.1f}' for q in ('p50', 'p90', 'p99', 'p999'))
            ratios = sorted(one['p99'] / other['p99'] for one, other in zip(results, runs['api-key']))
            print(row + f'{statistics.median(ratios):10.2f} [{ratios[0]:.2f}..{ratios[-1]:.2f}]')


def memory(folder):
    """Peak memory of a short and of a long run at the highest rate, and of the program that has nothing to do."""
    print('\npeak memory MB at the highest rate, 64 connections')
    with Target('raw', folder) as target:
        idle = authbench(folder, target, '{ name: idle, connections: 1, rate: 1/s, duration: 1s }')[2]
        print(f'{"idle":>10}{idle:9.1f}')
        for seconds in (2, 10, 60):
            figures, _, used = authbench(folder, target, f'{{ name: long, connections: 64, duration: {seconds}s }}')
            print(f'{seconds:>8} s{used:9.1f}   {figures["requests"]} requests')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', help='plain tls http2 stall late prepared memory; all if none')
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--seconds', type=int, default=1)
    parser.add_argument('--connections', type=int, default=64)
    parser.add_argument('--build', default=str(ROOT / 'target/release'), help='folder of the programs')
    arguments = parser.parse_args()
    global BUILD
    BUILD = pathlib.Path(arguments.build).resolve()
    if not (BUILD / 'examples/peer-target').exists():
        sys.exit('first: cargo build --release --bin authbench --example peer-target')
    os.environ['PEER_KEY'] = KEY
    parts = arguments.parts or ['plain', 'tls', 'http2', 'stall', 'late', 'prepared', 'memory']
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            match part:
                case 'plain' | 'tls':
                    mode = 'raw' if part == 'plain' else 'tls'
                    compare(folder, mode, arguments.rounds, arguments.seconds, arguments.connections)
                case 'http2':
                    http2(folder, arguments.rounds, arguments.seconds, arguments.connections)
                case 'stall':
                    stall(folder)
                case 'late':
                    late(folder)
                case 'prepared':
                    prepared(folder, arguments.rounds)
                case 'memory':
                    memory(folder)
                case _:
                    parser.error(f'no part is called {part}')


if __name__ == '__main__':
    main()
