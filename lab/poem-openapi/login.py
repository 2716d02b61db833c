"""Logs in at the API, whose answer is the token alone as text, and prints the token."""
import json
import os
import sys
import urllib.request

user = {"username": os.environ["LAB_USER"], "password": os.environ["LAB_PASS"]}
request = urllib.request.Request(os.environ["LAB_URL"] + "/api/login", json.dumps(user).encode(), {"Content-Type": "application/json"})
with urllib.request.urlopen(request) as answer:
    sys.stdout.write(answer.read().decode())
