"""Adds two users to Parse Server, a note of each that nobody else may read, and a class of reports for one of them."""

import json
import sys
import time
import urllib.error
import urllib.request

BASE = sys.argv[1]


def ask(method, path, body=None):
    headers = {"X-Parse-Application-Id": "lab", "X-Parse-Master-Key": "lab-master-key-0123456789abcdef", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers, method=method)) as answer:
        return json.load(answer)


for _ in range(200):
    try:
        if ask("GET", "/health")["status"] == "ok":
            break
    except (urllib.error.URLError, ConnectionError):
        pass
    time.sleep(0.3)
rights = {action: {"requiresAuthentication": True} for action in ("find", "get", "count", "create", "update", "delete")}
ask("POST", "/schemas/Note", {"className": "Note", "fields": {"text": {"type": "String"}}, "classLevelPermissions": rights})
alone = {action: {"labalice": True} for action in rights}
ask("POST", "/schemas/Report", {"className": "Report", "fields": {"text": {"type": "String"}}, "classLevelPermissions": alone})
ask("POST", "/classes/Report", {"objectId": "labreport1", "text": "report for alice"})
ask("POST", "/schemas/Page", {"className": "Page", "fields": {"text": {"type": "String"}}, "classLevelPermissions": {"find": {"*": True}, "get": {"*": True}}})
ask("POST", "/classes/Page", {"objectId": "labpage001", "text": "page for all"})
for name, password in (("alice", "lab-Password-1"), ("bob", "lab-Password-2")):
    user = ask("POST", "/users", {"objectId": f"lab{name}", "username": name, "password": password, "email": f"{name}@example.com"})
    own = {user["objectId"]: {"read": True, "write": True}}
    ask("POST", "/classes/Note", {"objectId": f"note{name}", "text": f"note of {name}", "ACL": own})
