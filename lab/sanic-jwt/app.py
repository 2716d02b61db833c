"""The example of the documentation of Sanic JWT: users in memory, protected routes, and refresh tokens."""

import os

from sanic import Sanic
from sanic.response import json
from sanic_jwt import exceptions, initialize, protected


class User:
    def __init__(self, user_id, username, password):
        self.user_id, self.username, self.password = user_id, username, password

    def to_dict(self):
        return {"user_id": self.user_id, "username": self.username}


USERS = [User(1, "user1", "lab-Password-1"), User(2, "user2", "lab-Password-2")]
BY_NAME = {user.username: user for user in USERS}
BY_ID = {user.user_id: user for user in USERS}
REFRESH = {}
NOTES = ["a77be019c3"]


async def authenticate(request, *args, **kwargs):
    username = request.json.get("username", None)
    password = request.json.get("password", None)
    if not username or not password:
        raise exceptions.AuthenticationFailed("Missing username or password.")
    user = BY_NAME.get(username, None)
    if user is None:
        raise exceptions.AuthenticationFailed("User not found.")
    if password != user.password:
        raise exceptions.AuthenticationFailed("Password is incorrect.")
    return user


async def store_refresh_token(user_id, refresh_token, *args, **kwargs):
    REFRESH[user_id] = refresh_token


async def retrieve_refresh_token(request, user_id, *args, **kwargs):
    return REFRESH.get(user_id)


async def retrieve_user(request, payload, *args, **kwargs):
    if payload:
        return BY_ID.get(payload.get("user_id", None))
    return None


app = Sanic("lab")
initialize(
    app,
    authenticate=authenticate,
    store_refresh_token=store_refresh_token,
    retrieve_refresh_token=retrieve_refresh_token,
    retrieve_user=retrieve_user,
    refresh_token_enabled=True,
    secret="lab-signing-key-0123456789-0123456789-0123456789",
    expiration_delta=int(os.environ.get("LIFETIME", "10")),
)


@app.route("/protected")
@protected()
async def read(request):
    return json({"protected": True, "order": "c41f7a90d2"})


@app.post("/notes")
@protected()
async def write(request):
    NOTES.append(request.json["note"])
    return json({"saved": len(NOTES), "id": "5be10c92aa"})


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]), single_process=True, access_log=False, motd=False)
