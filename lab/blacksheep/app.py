"""BlackSheep with JWTBearerAuthentication and policies, as its documentation has them; the keys of the issuer are in memory."""

import base64
from dataclasses import dataclass

from blacksheep import Application, FromJSON, get, json, post
from blacksheep.server.authentication.jwt import JWTBearerAuthentication
from blacksheep.server.authorization import Requirement, allow_anonymous, auth
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from guardpost import Policy
from guardpost.authorization import AuthorizationContext
from guardpost.common import AuthenticatedRequirement
from guardpost.jwks import JWKS, InMemoryKeysProvider


def jwk(kid, path):
    numbers = load_pem_private_key(open(path, "rb").read(), None).public_key().public_numbers()
    encode = lambda number: base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": kid, "n": encode(numbers.n), "e": encode(numbers.e)}


KEYS = {"keys": [jwk("lab-1", "issuer.pem"), jwk("lab-2", "second.pem")]}


class WriterRequirement(Requirement):
    def handle(self, context: AuthorizationContext):
        scope = context.identity.claims.get("scope")
        if isinstance(scope, str) and "write" in scope.split():
            context.succeed(self)


app = Application()
app.use_authentication().add(
    JWTBearerAuthentication(
        valid_audiences=["lab-api"], valid_issuers=["https://issuer.example.test"], keys_provider=InMemoryKeysProvider(JWKS.from_dict(KEYS))
    )
)
app.use_authorization().add(Policy("authenticated", AuthenticatedRequirement())).add(
    Policy("writer", AuthenticatedRequirement(), WriterRequirement())
)
notes = ["5be10c92aa"]


@dataclass
class Note:
    note: str


@allow_anonymous()
@get("/health")
async def health():
    return json({"status": "ok"})


@allow_anonymous()
@get("/jwks.json")
async def jwks():
    return json(KEYS)


@auth("authenticated")
@get("/notes")
async def read_notes():
    return json({"notes": notes[:1]})


@auth("writer")
@post("/notes")
async def write_note(data: FromJSON[Note]):
    notes.append(data.value.note)
    return json({"added": data.value.note})
