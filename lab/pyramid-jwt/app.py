"""The example of the README of pyramid_jwt, with its default HS512 and the scheme name JWT, and views that need a permission."""

import os

from pyramid.authorization import ACLAuthorizationPolicy
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPUnauthorized
from pyramid.security import Allow, Authenticated
from waitress import serve

SECRET = "lab-signing-key-0123456789-0123456789-0123456789-0123456789-0123"
PASSWORDS = {"alice": "lab-alice-Password-1", "bob": "lab-bob-Password-1"}
notes = ["a77be019c3"]


class Root:
    __acl__ = [(Allow, Authenticated, "read"), (Allow, "role:writer", "write")]

    def __init__(self, request):
        pass


def add_role_principals(userid, request):
    return ["role:" + role for role in request.jwt_claims.get("roles", [])]


def login(request):
    name, password = request.POST.get("login"), request.POST.get("password")
    if password is None or PASSWORDS.get(name) != password:
        return {"result": "error"}
    return {"result": "ok", "token": request.create_jwt_token(name, roles=["writer"] if name == "alice" else [])}


def me(request):
    return {"user": request.authenticated_userid, "order": "c41f7a90d2"}


def read_notes(request):
    return {"notes": notes}


def write_note(request):
    notes.append(request.json_body["note"])
    request.response.status = 201
    return {"saved": len(notes), "id": "5be10c92aa"}


def health(request):
    return {"ready": True}


def forbidden(request):
    if request.authenticated_userid is None:
        return HTTPUnauthorized(headers={"WWW-Authenticate": "JWT"})
    request.response.status = 403
    return {"error": "forbidden"}


with Configurator() as config:
    config.set_root_factory(Root)
    config.set_authorization_policy(ACLAuthorizationPolicy())
    config.include("pyramid_jwt")
    config.set_jwt_authentication_policy(SECRET, expiration=int(os.environ.get("LIFETIME", "10")), callback=add_role_principals)
    for name, path, method, view, permission in (
        ("login", "/login", "POST", login, None),
        ("me", "/me", "GET", me, "read"),
        ("notes", "/notes", "GET", read_notes, "read"),
        ("note", "/notes/new", "POST", write_note, "write"),
        ("health", "/health", "GET", health, None),
    ):
        config.add_route(name, path)
        config.add_view(view, route_name=name, request_method=method, permission=permission, renderer="json")
    config.add_forbidden_view(forbidden, renderer="json")
    app = config.make_wsgi_app()

serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
