"""Serves Kinto with waitress, as `kinto start` does, after the accounts and what they own have been made in its memory."""

import base64
import json
import os

import waitress
from pyramid.paster import get_app, setup_logging
from pyramid.request import Request

PORT = os.environ["PORT"]
setup_logging("kinto.ini", {"http_port": PORT})
app = get_app("kinto.ini", "main", {"http_port": PORT})


def put(path, user=None, **body):
    request = Request.blank(f"/v1{path}", method="PUT", body=json.dumps(body).encode(), content_type="application/json")
    if user:
        request.headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    answer = request.get_response(app)
    assert answer.status_int == 201, (path, answer.text)


ACCOUNTS = {"admin": "lab-Password-0", "alice": "lab-Password-1", "bob": "lab-Password-2", "carl": "lab:Pass:word-3", "dora": "Pässwört-4"}
for name, password in ACCOUNTS.items():
    put(f"/accounts/{name}", data={"password": password})
put("/buckets/lab", "admin:lab-Password-0", permissions={"write": ["account:alice"], "read": ["account:bob"]})
put("/buckets/lab/collections/orders", "alice:lab-Password-1")
put("/buckets/lab/collections/orders/records/o1", "alice:lab-Password-1", data={"note": "5be10c92aa"})
put("/buckets/lab/collections/drafts", "alice:lab-Password-1")
waitress.serve(app, host="127.0.0.1", port=int(PORT))
