"""What nginx asks with auth_request (`/auth`: X-Api-Key of an account, 204, 401 or 403), and the API behind it."""

import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEYS = {"lab-key-7c1e55d2a9b84f60": "alice", "lab-key-0f3a91c7be62d845": "bob"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/auth":
            user = KEYS.get(self.headers.get("X-Api-Key"))
            admin = self.headers.get("X-Original-URI", "").startswith("/tokens/admin")
            return self.send(401 if not user else 403 if admin and user != "alice" else 204, None, {"X-User": user} if user else {})
        return self.send(200, {"order": "c41f7a90d2", "user": self.headers.get("X-User"), "got": len(body)})

    def send(self, status, value, headers=()):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        if value is not None:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer

    def log_message(self, *arguments):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT_2"])), Handler).serve_forever()
