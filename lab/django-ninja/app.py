"""The authenticators of the documentation of Django Ninja: keys in a header, a query parameter and a cookie, and bearer tokens."""

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["ninja"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
)
django.setup()

from django.core.asgi import get_asgi_application
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.security import APIKeyCookie, APIKeyHeader, APIKeyQuery, HttpBearer

KEY = "lab-key-0123456789abcdef-Ab"
NOTES = ["a77be019c3"]


class Header(APIKeyHeader):
    param_name = "X-API-Key"

    def authenticate(self, request, key):
        if key == KEY:
            return key


class Query(APIKeyQuery):
    param_name = "api_key"

    def authenticate(self, request, key):
        if key == KEY:
            return key


class Cookie(APIKeyCookie):
    def authenticate(self, request, key):
        if key == KEY:
            return key


class Bearer(HttpBearer):
    def authenticate(self, request, token):
        if token == KEY:
            return token


class Note(Schema):
    note: str


api = NinjaAPI()


def read(request):
    return {"order": "c41f7a90d2", "notes": len(NOTES) > 0}


def write(request, data: Note):
    NOTES.append(data.note)
    return {"saved": len(NOTES), "id": "5be10c92aa"}


for name, authenticator in (("header", Header()), ("query", Query()), ("cookie", Cookie()), ("bearer", Bearer())):
    api.get(f"/{name}/orders", auth=authenticator, operation_id=f"read_{name}")(read)
    api.post(f"/{name}/notes", auth=authenticator, operation_id=f"write_{name}")(write)

urlpatterns = [path("api/", api.urls)]
application = get_asgi_application()
