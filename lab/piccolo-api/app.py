from fastapi import FastAPI, Request
from piccolo_api.change_password.endpoints import change_password
from piccolo_api.csrf.middleware import CSRFMiddleware
from piccolo_api.session_auth.endpoints import session_login, session_logout
from piccolo_api.session_auth.middleware import SessionsAuthBackend
from piccolo_api.token_auth.endpoints import token_login
from piccolo_api.token_auth.middleware import TokenAuthBackend
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Mount, Route

private = FastAPI(
    openapi_url=None,
    routes=[Route("/logout/", session_logout()), Route("/change-password/", change_password(login_url="/web/login/"))],
    middleware=[Middleware(AuthenticationMiddleware, backend=SessionsAuthBackend(admin_only=False))],
)


@private.get("/me")
async def me(request: Request):
    return {"user": request.user.username, "note": "c41f7a90d2"}


@private.post("/notes")
async def notes(request: Request):
    return {"saved_for": request.user.username}


web = FastAPI(
    openapi_url=None,
    routes=[Route("/login/", session_login()), Mount("/private", private)],
    middleware=[Middleware(CSRFMiddleware, allow_form_param=True)],
)

api = FastAPI(openapi_url=None, middleware=[Middleware(AuthenticationMiddleware, backend=TokenAuthBackend())])


@api.get("/orders")
async def orders(request: Request):
    return {"order": "a77be019c3", "user": request.user.username}


@api.post("/orders")
async def add(request: Request, order: dict):
    return {"written": order}


app = FastAPI(openapi_url=None, routes=[Route("/token-login/", token_login()), Mount("/web", web), Mount("/api", api)])


@app.get("/")
async def root():
    return {"up": True}
