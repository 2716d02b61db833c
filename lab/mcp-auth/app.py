"""A server of FastMCP with its own authorization server in memory, two tools, and clients that are registered before it starts."""
import asyncio
import os

from fastmcp import FastMCP
from fastmcp.server.auth import require_scopes
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull

base = f"http://127.0.0.1:{os.environ['PORT']}"
auth = InMemoryOAuthProvider(
    base_url=base,
    required_scopes=["read"],
    client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]),
    revocation_options=RevocationOptions(enabled=True),
)


def client(name, secret, scope, method):
    return OAuthClientInformationFull(
        client_id=name,
        client_secret=secret,
        redirect_uris=["https://app.example.test/cb"],
        grant_types=["authorization_code", "refresh_token"],
        scope=scope,
        token_endpoint_auth_method=method,
    )


for registered in [
    client("alice-app", "lab-secret-1-0123456789", "read write", "client_secret_post"),
    client("bob-app", "lab-secret-2-0123456789", "read", "client_secret_post"),
    client("carol-app", "lab-secret-3-0123456789", "read write", "client_secret_basic"),
    client("public-app", None, "read", "none"),
    client("other-app", "lab-secret-4-0123456789", "write", "client_secret_post"),
]:
    asyncio.run(auth.register_client(registered))

mcp = FastMCP("lab", auth=auth)
notes = {"text": "first"}


@mcp.tool
def read_note() -> str:
    return notes["text"]


@mcp.tool(auth=require_scopes("write"))
def write_note(text: str) -> str:
    notes["text"] = text
    return text


mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]), show_banner=False)
