"""The example "using JWT auth" of the documentation of Litestar: JWTAuth as the guard of all routes but the login."""

import os
from datetime import timedelta
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.security.jwt import JWTAuth, Token

USERS = {"1": {"id": "1", "name": "Moishe Zuchmir", "order": "c41f7a90d2"}}
NOTES = ["a77be019c3"]


async def retrieve_user_handler(token: Token, connection: "ASGIConnection[Any, Any, Any, Any]") -> dict | None:
    return USERS.get(token.sub)


jwt_auth = JWTAuth[dict](
    retrieve_user_handler=retrieve_user_handler,
    token_secret="lab-signing-key-0123456789-0123456789-0123456789",
    default_token_expiration=timedelta(seconds=int(os.environ.get("LIFETIME", "10"))),
    exclude=["/login", "/schema"],
)


@post("/login")
async def login_handler(data: dict[str, str]) -> Response[dict]:
    if data.get("name") != "moishe" or data.get("password") != "lab-Password-1":
        raise NotAuthorizedException()
    return jwt_auth.login(identifier="1", send_token_as_response_body=True)


@get("/some-path", sync_to_thread=False)
def some_route_handler(request: Request[dict, Token, Any]) -> Any:
    return request.user


@get("/notes", sync_to_thread=False)
def read_notes() -> dict[str, list[str]]:
    return {"notes": NOTES}


@post("/notes", sync_to_thread=False)
def write_notes(data: dict[str, str]) -> dict[str, str]:
    NOTES.append(data["note"])
    return {"saved": str(len(NOTES)), "id": "5be10c92aa"}


app = Litestar(route_handlers=[login_handler, some_route_handler, read_notes, write_notes], on_app_init=[jwt_auth.on_app_init])
