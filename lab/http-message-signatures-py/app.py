"""Orders behind signatures of RFC 9421, verified by http-message-signatures as its README shows it; one prefix for each algorithm."""

import datetime
import os

from flask import Flask, g, jsonify, request
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver, algorithms

ALGORITHMS = {
    "hmac": algorithms.HMAC_SHA256,
    "ed25519": algorithms.ED25519,
    "p256": algorithms.ECDSA_P256_SHA256,
    "p384": algorithms.ECDSA_P384_SHA384,
    "pss": algorithms.RSA_PSS_SHA512,
    "rsa": algorithms.RSA_V1_5_SHA256,
}
LAB_WORK = os.environ["LAB_WORK"]


def verifier(name):
    with open(os.path.join(LAB_WORK, "hmac.key" if name == "hmac" else f"{name}.pub.pem"), "rb") as file:
        keys = MappingKeyResolver(private_keys={}, public_keys={name: file.read()})
    return HTTPMessageVerifier(signature_algorithm=ALGORITHMS[name], key_resolver=keys)


verifiers = {name: verifier(name) for name in ALGORITHMS}
app = Flask(__name__)
orders = {"c41f7a90d2": {"order": "c41f7a90d2", "item": "a lamp of brass"}}


class Message:
    """The request as it was received: Flask's own `url` is decoded."""

    def __init__(self):
        self.method = request.method
        self.url = f"{request.scheme}://{request.host}{request.environ['REQUEST_URI']}"
        self.headers = request.headers


@app.before_request
def verify():
    if request.path == "/health":
        return None
    try:
        g.results = verifiers[request.path.split("/")[1]].verify(
            Message(),
            max_age=datetime.timedelta(minutes=5),
            require_components=("@method", "@authority", "@path", "@query"),
            body=request.get_data(),
        )
    except (InvalidSignature, KeyError):
        return jsonify(error="invalid signature"), 401, {"Accept-Signature": 'sig1=("@method" "@authority" "@path" "@query");created;keyid'}


@app.get("/health")
def health():
    return "ready\n"


@app.get("/<algorithm>/orders")
def listed(algorithm):
    return jsonify(list(orders.values()))


@app.get("/<algorithm>/orders/<order>")
def read(algorithm, order):
    return jsonify(orders[order]) if order in orders else (jsonify(error="not found"), 404)


@app.put("/<algorithm>/orders/<order>")
def write(algorithm, order):
    orders[order] = request.get_json()
    return jsonify(orders[order])
