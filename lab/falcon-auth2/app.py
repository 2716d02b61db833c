"""Falcon with falcon-auth2, as its README has it: one resource behind Basic, others behind JWT."""

import falcon
from falcon_auth2 import AuthMiddleware
from falcon_auth2.backends import BasicAuthBackend, JWTAuthBackend
from joserfc.jwk import OctKey

PASSWORDS = {"alice": "lab-Password-1", "bob": "lab-Password-2", "carl": "lab:Pass:word-3", "dora": "Pässwört-4"}
KEY = OctKey.import_key("lab-signing-key-0123456789-0123456789-0123456789")


def load_by_password(attributes, user, password):
    if PASSWORDS.get(user) == password:
        return {"name": user}
    return None


def load_by_claims(attributes, payload):
    if payload["sub"] in PASSWORDS:
        return {"name": payload["sub"]}
    return None


basic = BasicAuthBackend(load_by_password)
claims = {"iss": {"essential": True, "value": "lab-issuer"}, "aud": {"essential": True, "value": "lab-api"}, "sub": {"essential": True}, "exp": {"essential": True}}
jwt = JWTAuthBackend(load_by_claims, KEY, claims_options=claims)


class Account:
    def on_get(self, req, resp):
        resp.media = {"user": req.context.auth["user"]["name"]}


class Notes:
    auth = {"backend": jwt}
    notes = ["5be10c92aa"]

    def on_get(self, req, resp):
        resp.media = {"notes": self.notes[:1]}

    def on_post(self, req, resp):
        if req.context.auth["user"]["name"] != "alice":
            raise falcon.HTTPForbidden()
        media = req.get_media()
        if not isinstance(media, dict) or not isinstance(media.get("note"), str):
            raise falcon.HTTPBadRequest()
        self.notes.append(media["note"])
        resp.media = {"added": True}


class Health:
    auth = {"auth_disabled": True}

    def on_get(self, req, resp):
        resp.media = {"status": "ok"}


app = falcon.App(middleware=[AuthMiddleware(basic)])
app.add_route("/account", Account())
app.add_route("/notes", Notes())
app.add_route("/health", Health())
