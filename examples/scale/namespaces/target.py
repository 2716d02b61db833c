"""A target that counts requests to /load, with and without its key, and addresses. FILE.ready says
that it listens; SIGUSR1 makes it write the counts to FILE.

Preparing a load sends a few requests to /load as well, to learn how a success looks: on connections of their own, with a few
requests each. A connection of the load has hundreds; only those are counted as load.

    target.py HOST PORT FILE
"""
import asyncio
import json
import signal
import sys

KEY = b"good-key-0123456789abcdef"
host, port, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
counts = {"load_good": 0, "load_bad": 0, "other": 0, "addresses": {}}
BODY = b'{"orders":[{"id":"o-1001","total":4210},{"id":"o-1002","total":1999}]}'


def answer(status, body, more=b""):
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


class Target(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data, self.requests, self.own = transport, b"", 0, {"load_good": 0, "load_bad": 0}
        self.address = transport.get_extra_info("peername")[0]

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            good = any(line.lower().startswith(b"x-api-key:") and line.split(b":", 1)[1].strip() == KEY for line in lines)
            self.requests += 1
            if b" /load " in lines[0]:
                self.own["load_good" if good else "load_bad"] += 1
            if b" /load " in lines[0] or b" /orders " in lines[0]:
                self.transport.write(answer(b"200 OK", BODY) if good else answer(b"403 Forbidden", b'{"error":"forbidden"}'))
            else:
                self.transport.write(answer(b"404 Not Found", b'{"error":"none"}'))

    def connection_lost(self, _):
        # probes have a connection each, with a request or two; lines of a load have hundreds
        if self.requests > 20:
            for name, number in self.own.items():
                counts[name] += number
            counts["addresses"][self.address] = counts["addresses"].get(self.address, 0) + self.requests
        else:
            counts["other"] += self.requests


def write():
    with open(out, "w") as file:
        file.write(json.dumps(counts))


async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(Target, host, port, backlog=256)
    open(out + ".ready", "w").close()
    # connections that have ended are counted first
    loop.add_signal_handler(signal.SIGUSR1, lambda: loop.call_later(0.5, write))
    await asyncio.Event().wait()


asyncio.run(main())
