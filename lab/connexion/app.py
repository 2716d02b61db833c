"""The examples of Connexion for security: functions that verify API keys, passwords and JWTs, named by openapi.yaml."""

import os
import time

import connexion
import jwt
from connexion.exceptions import OAuthProblem

SECRET = "lab-signing-key-0123456789-0123456789-0123456789"
ISSUER = "com.zalando.connexion"
KEYS = {"lab-key-1-0123456789abcdef-Ab": {"uid": 100}}
PASSWORDS = {"admin": "lab-Password-1", "colon": "lab:Password:2", "utf8": "lab-Pässwörd-3"}
USERS = {"1": "lab-Password-1"}
NOTES = ["a77be019c3"]


def apikey_auth(token, required_scopes):
    info = KEYS.get(token, None)
    if not info:
        raise OAuthProblem("Invalid token")
    return info


def basic_auth(username, password):
    if PASSWORDS.get(username) == password:
        return {"sub": username}
    return None


def decode_token(token):
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as e:
        raise connexion.exceptions.Unauthorized from e


def generate_token(user_id):
    now = int(time.time())
    payload = {"iss": ISSUER, "iat": now, "exp": now + int(os.environ.get("LIFETIME", "10")), "sub": str(user_id)}
    return jwt.encode(payload, SECRET, algorithm="HS256")


def read():
    return {"order": "c41f7a90d2"}


def write(body):
    NOTES.append(body["note"])
    return {"saved": len(NOTES), "id": "5be10c92aa"}


read_apikey = read_basic = read_jwt = read
write_apikey = write_basic = write_jwt = write
app = connexion.FlaskApp(__name__, specification_dir=".")
app.add_api("openapi.yaml")
