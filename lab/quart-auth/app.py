"""The example of the documentation of Quart-Auth, with a JSON login; QUART_AUTH_MODE chooses cookies or bearer tokens."""

import os

from quart import Quart, request
from quart_auth import Action, AuthUser, QuartAuth, current_user, login_required, login_user, logout_user

PASSWORDS = {"alice": "lab-alice-Password-1", "bob": "lab-bob-Password-1"}
notes = ["a77be019c3"]
app = Quart(__name__)
app.secret_key = "lab-signing-key-0123456789-0123456789-0123456789"
app.config["QUART_AUTH_MODE"] = os.environ["MODE"]
app.config["QUART_AUTH_COOKIE_SECURE"] = False
app.config["QUART_AUTH_DURATION"] = int(os.environ["LIFETIME"])
auth_manager = QuartAuth(app)


@app.post("/login")
async def login():
    data = await request.get_json()
    if PASSWORDS.get(data["username"]) != data["password"]:
        return {"error": "wrong user or password"}, 401
    if app.config["QUART_AUTH_MODE"] == "bearer":
        return {"token": auth_manager.dump_token(data["username"])}
    login_user(AuthUser(data["username"], Action.WRITE_PERMANENT))
    return {"user": data["username"]}


@app.post("/logout")
async def logout():
    logout_user()
    return {}


@app.get("/api/orders")
@login_required
async def orders():
    return {"user": current_user.auth_id, "order": "c41f7a90d2"}


@app.get("/api/notes")
@login_required
async def read_notes():
    return {"notes": notes}


@app.post("/api/notes")
@login_required
async def write_note():
    notes.append((await request.get_json())["note"])
    return {"saved": len(notes), "id": "5be10c92aa"}, 201


@app.get("/health")
async def health():
    return "ready\n"
