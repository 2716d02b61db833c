"""Clients of other libraries against the reference of authbench: what they sign is accepted, and the same request is refused when it is changed.

    python3 -m venv /tmp/clients && /tmp/clients/bin/pip install -r lab/clients/requirements.txt
    AUTHBENCH=target/debug/authbench /tmp/clients/bin/python lab/clients/signed.py

Starts `authbench serve` on a free port, prints one line for each request, and ends with 1 where a status is another than the one that is
expected. The region and the service of `sigv4`, and the names of the keys of `http-signature`, are those of src/seed.rs.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys

import requests
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from requests_aws4auth import AWS4Auth

REGION, SERVICE = "eu-test-1", "orders"
KEY = "client-service"
JSON = {"Content-Type": "application/json"}
wrong = 0


def expect(what, status, request):
    """Sends a prepared request, and compares the status of its answer."""
    global wrong
    seen = requests.Session().send(request, timeout=10).status_code
    wrong += seen != status
    print(f"{'ok' if seen == status else 'WRONG':6}{seen}  {what}")


def sigv4(base, service):
    secret = service["client_secret"]
    address = f"{base}/sigv4/orders"
    body = json.dumps({"item": f"lamp {secrets.token_hex(4)}"}).encode()

    def signed(method, url, body=b"", region=REGION):
        """Signed in the header, by botocore."""
        request = AWSRequest(method=method, url=url, data=body, headers=JSON if body else {})
        request.headers["X-Amz-Content-Sha256"] = hashlib.sha256(body).hexdigest()
        SigV4Auth(Credentials(service["name"], secret), SERVICE, region).add_auth(request)
        return dict(request.headers)

    def send(what, status, method, url, headers, body=None):
        expect(f"sigv4, botocore: {what}", status, requests.Request(method, url, headers=headers, data=body).prepare())

    send("reading", 200, "GET", address, signed("GET", address))
    query = f"{address}?b=2&a=x%20y&a=~"
    send("reading with a query", 200, "GET", query, signed("GET", query))
    send("a parameter appended", 403, "GET", f"{address}?a=1", signed("GET", address))
    send("a region of another", 403, "GET", address, signed("GET", address, region="us-east-1"))
    send("writing", 201, "POST", address, signed("POST", address, body), body)
    send("another body", 403, "POST", address, signed("POST", address, body + b" "), body)
    presigned = AWSRequest(method="GET", url=address)
    SigV4QueryAuth(Credentials(service["name"], secret), SERVICE, REGION, expires=60).add_auth(presigned)
    send("presigned", 200, "GET", presigned.url, {})
    send("presigned, a longer life", 403, "GET", presigned.url.replace("Expires=60", "Expires=600"), {})
    auth = AWS4Auth(service["name"], secret, REGION, SERVICE)
    expect("sigv4, requests-aws4auth: reading", 200, requests.Request("GET", address, auth=auth).prepare())


def http_signature(base, service):
    address = f"{base}/http-signature/orders"
    keys = MappingKeyResolver(private_keys={KEY: service["client_key"].encode()}, public_keys={})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=keys)
    body = json.dumps({"item": f"lamp {secrets.token_hex(4)}"}).encode()

    def signed(method, body=None, components=("@method", "@authority", "@path", "@query")):
        request = requests.Request(method, address, headers=JSON if body else {}, data=body).prepare()
        signer.sign(request, key_id=KEY, nonce=secrets.token_hex(16), covered_component_ids=components, body=body)
        return request

    def send(what, status, request):
        expect(f"http-signature, http-message-signatures: {what}", status, request)

    request = signed("GET")
    send("reading", 200, request)
    send("the same again", 401, request)
    request = signed("GET")
    request.url += "?a=1"
    send("a parameter appended", 401, request)
    send("the method alone", 401, signed("GET", components=("@method",)))
    send("writing", 201, signed("POST", body))
    request = signed("POST", body)
    request.body = body[:-1] + b" "
    send("another body", 401, request)


def main():
    command = [os.environ.get("AUTHBENCH", "target/debug/authbench"), "serve", "--port", "0", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as reference:
        try:
            said, _ = json.JSONDecoder().raw_decode(reference.stdout.readline())
            service = next(one for one in said["identities"] if one["name"] == "service")
            sigv4(said["url"], service)
            http_signature(said["url"], service)
        finally:
            reference.terminate()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
