"""The example of the documentation of Litestar for SessionAuth, with sessions that the server keeps."""

import os
from typing import Any

from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.middleware.session.server_side import ServerSideSessionBackend, ServerSideSessionConfig
from litestar.security.session_auth import SessionAuth
from litestar.stores.memory import MemoryStore

USERS = {"1": {"id": "1", "name": "Moishe Zuchmir", "email": "moishe@example.test", "order": "c41f7a90d2"}}
NOTES = ["a77be019c3"]


async def retrieve_user_handler(session: dict[str, Any], connection: "ASGIConnection[Any, Any, Any, Any]") -> dict | None:
    return USERS.get(user_id) if (user_id := session.get("user_id")) else None


@post("/login", status_code=200)
async def login(data: dict[str, str], request: Request[Any, Any, Any]) -> dict:
    if data.get("email") != "moishe@example.test" or data.get("password") != "lab-Password-1":
        raise NotAuthorizedException
    request.set_session({"user_id": "1"})
    return USERS["1"]


@post("/logout", status_code=204)
async def logout(request: Request[Any, Any, Any]) -> None:
    request.clear_session()


@get("/user", sync_to_thread=False)
def get_user(request: Request[dict, dict, Any]) -> Any:
    return request.user


@post("/notes", sync_to_thread=False)
def write_notes(data: dict[str, str]) -> dict[str, str]:
    NOTES.append(data["note"])
    return {"saved": str(len(NOTES)), "id": "5be10c92aa"}


session_auth = SessionAuth[dict, ServerSideSessionBackend](
    retrieve_user_handler=retrieve_user_handler,
    session_backend_config=ServerSideSessionConfig(max_age=int(os.environ.get("LIFETIME", "10"))),
    exclude=["/login", "/schema"],
)
app = Litestar(
    route_handlers=[login, logout, get_user, write_notes],
    on_app_init=[session_auth.on_app_init],
    stores={"sessions": MemoryStore()},
)
