"""An API that asks LemonLDAP::NG about the tokens that it gets (RFC 7662), as a client of its own."""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ISSUER = f"http://127.0.0.1:{os.environ['PORT']}/oauth2"
BASIC = "Basic " + base64.b64encode(b"lab-api:lab-api-Secret-1").decode()
notes = ["a77be019c3"]


def post(path, form, authorization):
    headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
    with urllib.request.urlopen(urllib.request.Request(ISSUER + path, urllib.parse.urlencode(form).encode(), headers), timeout=10) as answer:
        return json.load(answer)


def claims_of(token):
    try:
        claims = post("/introspect", {"token": token}, BASIC)
    except urllib.error.HTTPError:
        return None
    return claims if claims.get("active") else None


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, challenge=None):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def version_string(self):
        return "lab"

    def log_message(self, *_):
        pass

    def handle_request(self):
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            self.close_connection = True
            return self.answer(400, {"error": "no length"})
        body = self.rfile.read(int(length))
        path = self.path.split("?")[0]
        routes = {("GET", "/orders"): None, ("HEAD", "/orders"): None, ("GET", "/notes"): "read", ("HEAD", "/notes"): "read", ("POST", "/notes"): "write"}
        if (self.command, path) not in routes:
            return self.answer(404, {"error": "not found"})
        lines = self.headers.get_all("Authorization") or []
        if not lines:
            return self.answer(401, {"error": "no token"}, 'Bearer realm="lab"')
        scheme, _, token = lines[0].partition(" ")
        token = token.strip(" ")
        if len(lines) > 1 or scheme.lower() != "bearer" or not token or " " in token:
            return self.answer(400, {"error": "invalid_request"}, 'Bearer realm="lab", error="invalid_request"')
        claims = claims_of(token)
        if not claims:
            return self.answer(401, {"error": "invalid_token"}, 'Bearer realm="lab", error="invalid_token"')
        needed = routes[(self.command, path)]
        if needed and needed not in claims.get("scope", "").split(" "):
            return self.answer(403, {"error": "insufficient_scope"}, 'Bearer realm="lab", error="insufficient_scope"')
        if path == "/orders":
            return self.answer(200, {"area": "orders", "order": "c41f7a90d2"})
        if self.command != "POST":
            return self.answer(200, {"notes": notes})
        try:
            notes.append(json.loads(body)["note"])
        except (ValueError, KeyError, TypeError):
            return self.answer(400, {"error": "no note"})
        return self.answer(201, {"saved": len(notes), "id": "5be10c92aa"})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = handle_request


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT_2"])), Api).serve_forever()
