"""The examples of the documentation of Flask-HTTPAuth: Basic with hashed passwords, Digest, and tokens; one path for each."""

from flask import Flask, request
from flask_httpauth import HTTPBasicAuth, HTTPDigestAuth, HTTPTokenAuth
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config["SECRET_KEY"] = "lab-secret-key-0123456789"
basic = HTTPBasicAuth()
digest = HTTPDigestAuth()
token = HTTPTokenAuth(scheme="Bearer")

USERS = {
    "john": generate_password_hash("lab-Password-1"),
    "susan": generate_password_hash("lab-Password-2"),
    "colon": generate_password_hash("lab:Password:2"),
    "utf8": generate_password_hash("lab-Pässwörd-3"),
}
DIGEST_USERS = {"john": "lab-Password-1", "susan": "lab-Password-2"}
TOKENS = {"lab-token-1-0123456789abcdef": "john", "lab-token-2-0123456789abcdef": "susan"}
ROLES = {"john": ["admin"], "susan": ["user"]}
NOTES = ["a77be019c3"]


@basic.verify_password
def verify_password(username, password):
    if username in USERS and check_password_hash(USERS.get(username), password):
        return username


@basic.get_user_roles
@token.get_user_roles
def get_user_roles(user):
    return ROLES[user]


@digest.get_password
def get_password(username):
    return DIGEST_USERS.get(username)


@token.verify_token
def verify_token(value):
    if value in TOKENS:
        return TOKENS[value]


def note():
    NOTES.append(request.get_json()["note"])
    return {"saved": len(NOTES), "id": "5be10c92aa"}


@app.get("/basic/hello")
@basic.login_required
def basic_hello():
    return {"hello": basic.current_user(), "order": "c41f7a90d2"}


@app.post("/basic/notes")
@basic.login_required(role="admin")
def basic_notes():
    return note()


@app.get("/digest/hello")
@digest.login_required
def digest_hello():
    return {"hello": digest.username(), "order": "c41f7a90d2"}


@app.get("/token/hello")
@token.login_required
def token_hello():
    return {"hello": token.current_user(), "order": "c41f7a90d2"}


@app.post("/token/notes")
@token.login_required(role="admin")
def token_notes():
    return note()
