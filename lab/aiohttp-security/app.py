import os
from typing import NamedTuple

from aiohttp import web
from aiohttp_security import AbstractAuthorizationPolicy, SessionIdentityPolicy, check_authorized, check_permission, forget, remember
from aiohttp_security import setup as setup_security
from aiohttp_session import setup as setup_session
from aiohttp_session.cookie_storage import EncryptedCookieStorage


class User(NamedTuple):
    username: str
    password: str
    permissions: tuple


USERS = {
    "alice": User("alice", "lab-Password-1", ("public", "protected")),
    "bob": User("bob", "lab-Password-2", ("public",)),
}


class DictionaryAuthorizationPolicy(AbstractAuthorizationPolicy):
    async def authorized_userid(self, identity):
        return identity if identity in USERS else None

    async def permits(self, identity, permission, context=None):
        user = USERS.get(identity)
        return user is not None and permission in user.permissions


async def index(request):
    return web.Response(text="public")


async def login(request):
    form = await request.post()
    username, password = form.get("username"), form.get("password")
    user = USERS.get(username)
    if user and user.password == password:
        response = web.HTTPFound("/")
        await remember(request, response, username)
        raise response
    raise web.HTTPUnauthorized(text="Invalid username / password combination")


async def logout(request):
    await check_authorized(request)
    response = web.Response(text="You have been logged out")
    await forget(request, response)
    return response


async def internal(request):
    await check_permission(request, "public")
    return web.json_response({"page": "internal", "order": "c41f7a90d2"})


async def protected(request):
    await check_permission(request, "protected")
    return web.json_response({"page": "protected", "order": "a77be019c3"})


async def notes(request):
    await check_permission(request, "protected")
    form = await request.post()
    return web.json_response({"saved": form.get("note")})


app = web.Application()
setup_session(app, EncryptedCookieStorage(b"lab-key-0123456789-0123456789-01"))
setup_security(app, SessionIdentityPolicy(), DictionaryAuthorizationPolicy())
app.add_routes([web.get("/", index), web.post("/login", login), web.get("/logout", logout), web.get("/internal", internal), web.get("/protected", protected), web.post("/protected/notes", notes)])
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
