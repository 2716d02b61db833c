"""Authlib's provider for Flask, as its documentation has it: client credentials, revocation, introspection and a resource protector, with
clients and tokens in memory."""

import os
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6749.util import list_to_scope, scope_to_list
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, jsonify, request

LIFETIME = int(os.environ.get("LIFETIME", "10"))
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


class Client(ClientMixin):
    def __init__(self, client_id, secret, scope, grant_types):
        self.client_id, self.secret, self.scope, self.grant_types = client_id, secret, scope, grant_types

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        if not scope:
            return ""
        allowed = set(self.scope.split())
        return list_to_scope([one for one in scope_to_list(scope) if one in allowed])

    def check_client_secret(self, client_secret):
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type):
        return grant_type in self.grant_types


class Token(TokenMixin):
    def __init__(self, client, members):
        self.client, self.members, self.issued, self.revoked = client, members, int(time.time()), False

    def check_client(self, client):
        return self.client.client_id == client.client_id

    def get_scope(self):
        return self.members.get("scope", "")

    def get_expires_in(self):
        return self.members["expires_in"]

    def is_expired(self):
        return self.issued + self.members["expires_in"] < time.time()

    def is_revoked(self):
        return self.revoked

    def get_client(self):
        return self.client

    def get_user(self):
        return None


clients = {
    one.client_id: one
    for one in (
        Client("lab-service", "lab-service-Secret-1", "read write", ["client_credentials"]),
        Client("lab-reader", "lab-reader-Secret-1", "read", ["client_credentials"]),
        Client("lab-web", "lab-web-Secret-1", "read", ["authorization_code"]),
    )
}
tokens = {}
notes = ["a77be019c3"]


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


class Revocation(RevocationEndpoint):
    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def revoke_token(self, token, request):
        token.revoked = True


class Introspection(IntrospectionEndpoint):
    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def introspect_token(self, token):
        return {"active": True, "client_id": token.client.client_id, "token_type": "Bearer", "scope": token.get_scope(), "exp": token.issued + token.get_expires_in(), "iat": token.issued}

    def check_permission(self, token, client, request):
        return client.client_id == "lab-service"


class Validator(BearerTokenValidator):
    def authenticate_token(self, token_string):
        return tokens.get(token_string)


def save_token(token, request):
    tokens[token["access_token"]] = Token(request.client, token)


app = Flask(__name__)
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": LIFETIME}
app.config["OAUTH2_SCOPES_SUPPORTED"] = ["read", "write", "admin"]
server = AuthorizationServer(app, query_client=clients.get, save_token=save_token)
server.register_grant(ClientCredentials)
server.register_endpoint(Revocation)
server.register_endpoint(Introspection)
require_oauth = ResourceProtector()
require_oauth.register_token_validator(Validator())


@app.post("/oauth/token")
def issue_token():
    return server.create_token_response()


@app.post("/oauth/revoke")
def revoke_token():
    return server.create_endpoint_response("revocation")


@app.post("/oauth/introspect")
def introspect_token():
    return server.create_endpoint_response("introspection")


@app.get("/api/me")
@require_oauth()
def me():
    return jsonify(client=current_token.get_client().client_id, order="c41f7a90d2")


@app.get("/api/notes")
@require_oauth("read")
def read_notes():
    return jsonify(notes=notes)


@app.post("/api/notes")
@require_oauth("write")
def write_note():
    notes.append(request.get_json()["note"])
    return jsonify(saved=len(notes), id="5be10c92aa"), 201


@app.get("/health")
def health():
    return "ready\n"


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
