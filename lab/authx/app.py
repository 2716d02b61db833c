"""The quick start of the README of AuthX, with what its documentation has for scopes, refresh tokens, cookies and a blocklist."""

from authx import AuthX, AuthXConfig, TokenPayload
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

USERS = {"test": "test", "bob": "bobpw"}
SCOPES = {"test": ["items:read", "items:write"], "bob": ["items:read"]}
BLOCKED = set()

app = FastAPI()
config = AuthXConfig(
    JWT_SECRET_KEY="your-secret-key",  # that of the README
    JWT_TOKEN_LOCATION=["headers", "cookies"],
    JWT_COOKIE_SECURE=False,
)
auth = AuthX(config=config)
auth.handle_errors(app)


@auth.set_token_blocklist
def is_blocked(token: str) -> bool:
    return token in BLOCKED


class Login(BaseModel):
    username: str
    password: str


@app.post("/login")
def login(username: str, password: str):
    if USERS.get(username) == password:
        return {"access_token": auth.create_access_token(uid=username)}
    raise HTTPException(401, detail="Invalid credentials")


@app.get("/protected", dependencies=[Depends(auth.access_token_required)])
def protected():
    return {"message": "Hello World"}


@app.post("/token")
def token(data: Login):
    if USERS.get(data.username) == data.password:
        access_token = auth.create_access_token(data.username, fresh=True, scopes=SCOPES[data.username])
        return {"access_token": access_token, "refresh_token": auth.create_refresh_token(data.username)}
    raise HTTPException(401, detail={"message": "Bad credentials"})


@app.post("/refresh")
def refresh(payload: TokenPayload = Depends(auth.refresh_token_required)):
    return {"access_token": auth.create_access_token(payload.sub, scopes=SCOPES[payload.sub])}


@app.post("/logout", dependencies=[Depends(auth.access_token_required)])
async def logout(request: Request):
    given = await auth.get_access_token_from_request(request)
    BLOCKED.add(given.token)
    return {"message": "Logged out"}


@app.post("/cookie/login")
def cookie_login(data: Login, response: Response):
    if USERS.get(data.username) == data.password:
        auth.set_access_cookies(auth.create_access_token(data.username), response)
        auth.set_refresh_cookies(auth.create_refresh_token(data.username), response)
        return {"message": "Logged in"}
    raise HTTPException(401, detail="Invalid credentials")


@app.post("/cookie/logout")
def cookie_logout(response: Response):
    auth.unset_cookies(response)
    return {"message": "Logged out"}


@app.get("/me")
def me(payload: TokenPayload = Depends(auth.access_token_required)):
    return {"user": payload.sub}


@app.post("/me/settings")
def settings(payload: TokenPayload = Depends(auth.access_token_required)):
    return {"ok": True, "user": payload.sub}


@app.get("/items", dependencies=[Depends(auth.scopes_required("items:read"))])
def items():
    return [{"id": 1}]


@app.post("/items", dependencies=[Depends(auth.scopes_required("items:write"))])
def add_item():
    return {"id": 2}
