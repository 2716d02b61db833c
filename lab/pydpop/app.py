"""An API whose proofs pydpop verifies, as its documentation shows it for Flask, and whose tokens PyJWT verifies."""

import os

import jwt
from flask import Flask, g, jsonify, request
from pydpop.integrations.flask import DPoPVerifier

ISSUER = f"http://127.0.0.1:{os.environ['PORT_2']}"
AUDIENCE = "https://api.example.test"

app = Flask(__name__)
DPoPVerifier(app)
keys = jwt.PyJWKClient(f"{ISSUER}/jwks")
notes = ["a77be019c3"]


def refused(status, error):
    answer = jsonify(error=error)
    answer.headers["WWW-Authenticate"] = f'DPoP error="{error}"'
    return answer, status


@app.before_request
def verify_token():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "dpop":
        return refused(401, "invalid_token")
    try:
        key = keys.get_signing_key_from_jwt(token)
        g.claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": ["exp", "cnf"]})
    except jwt.PyJWTError:
        return refused(401, "invalid_token")
    # "compare g.dpop["jwk_thumbprint"] to the token's cnf.jkt"
    if g.claims["cnf"].get("jkt") != g.dpop["jwk_thumbprint"]:
        return refused(401, "invalid_token")


def holds(scope):
    return scope in g.claims.get("scope", "").split()


@app.get("/secret")
def secret():
    return {"area": "secret", "order": "c41f7a90d2"}


@app.get("/notes")
def list_notes():
    return {"notes": notes} if holds("read") else refused(403, "insufficient_scope")


@app.post("/notes")
def add_note():
    if not holds("write"):
        return refused(403, "insufficient_scope")
    notes.append(request.get_json()["note"])
    return {"saved": len(notes), "id": "5be10c92aa"}, 201
