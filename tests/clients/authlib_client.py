"""Authlib's client against `authbench serve`: fetch a client credentials token, then use it.

    authbench serve --port 8377 &
    pip install Authlib requests
    python tests/clients/authlib_client.py http://127.0.0.1:8377
"""

import os
import sys

os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")  # loopback without TLS

from authlib.integrations.requests_client import OAuth2Session

base = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8377"
session = OAuth2Session("service", "service-Secret-5vK8mT2x", scope="read:orders")
session.trust_env = False
token = session.fetch_token(f"{base}/oauth2/token", grant_type="client_credentials")
assert token["token_type"] == "Bearer" and token["scope"] == "read:orders", "not the token that was asked for"
answer = session.get(f"{base}/oauth2/orders")
answer.raise_for_status()
print("orders:", answer.json()["count"])
