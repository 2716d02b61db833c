"""The example of the README of fastapi-jwt, with passwords, a role that may write, and a route that writes."""

from datetime import timedelta

from fastapi import FastAPI, HTTPException, Security
from fastapi_jwt import JwtAccessBearerCookie, JwtAuthorizationCredentials, JwtRefreshBearer
from pydantic import BaseModel

PASSWORDS = {"alice": ("lab-Password-1", "writer"), "bob": ("lab-Password-2", "user")}

app = FastAPI()
access_security = JwtAccessBearerCookie(
    secret_key="lab-signing-key-0123456789-0123456789-0123456789", auto_error=True, access_expires_delta=timedelta(hours=1)
)
refresh_security = JwtRefreshBearer.from_other(access_security)


class Login(BaseModel):
    username: str
    password: str


class Note(BaseModel):
    note: str


@app.post("/auth")
def auth(login: Login):
    password, role = PASSWORDS.get(login.username, (None, None))
    if password != login.password:
        raise HTTPException(status_code=400, detail="Bad username or password")
    subject = {"username": login.username, "role": role}
    return {"access_token": access_security.create_access_token(subject=subject), "refresh_token": refresh_security.create_refresh_token(subject=subject)}


@app.post("/refresh")
def refresh(credentials: JwtAuthorizationCredentials = Security(refresh_security)):
    access_token = access_security.create_access_token(subject=credentials.subject)
    refresh_token = refresh_security.create_refresh_token(subject=credentials.subject, expires_delta=timedelta(days=2))
    return {"access_token": access_token, "refresh_token": refresh_token}


@app.get("/users/me")
def read_current_user(credentials: JwtAuthorizationCredentials = Security(access_security)):
    return {"username": credentials["username"], "role": credentials["role"]}


@app.post("/notes")
def write_note(note: Note, credentials: JwtAuthorizationCredentials = Security(access_security)):
    if credentials["role"] != "writer":
        raise HTTPException(status_code=403, detail="Not enough permissions")
    return {"added": note.note}


@app.get("/health")
def health():
    return {"status": "ok"}
