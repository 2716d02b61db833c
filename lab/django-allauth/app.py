"""django-allauth with the settings of its quick start and of the pages on its OpenID provider; everything in one file."""

import os
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
        "allauth",
        "allauth.account",
        "allauth.idp.oidc",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"],
    AUTH_PASSWORD_VALIDATORS=[{"NAME": f"django.contrib.auth.password_validation.{name}"} for name in (
        "UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator",
    )],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    USE_TZ=True,
    STATIC_URL="static/",
    LOGIN_REDIRECT_URL="/me",
    IDP_OIDC_PRIVATE_KEY=Path("private.pem").read_text(),
    IDP_OIDC_INTROSPECTION_ENABLED=True,
    # 30 logins and 30 introspections in a minute of one address, and 5 failures of an account, unless they are set: too few for a run
    ACCOUNT_RATE_LIMITS={"login": "900/m/ip", "login_failed": "900/m/ip,70/300s/key", "change_password": "60/m/user", "manage_email": "900/m/user"},
    IDP_OIDC_RATE_LIMITS={"introspect_ip": "900/m/ip", "introspect_client": "900/m/key"},
    # an hour unless it is set; the lab waits for the end
    IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN=int(os.environ.get("LIFETIME", "20")),
)
django.setup()

from allauth.account.models import EmailAddress
from allauth.idp.oidc.contrib.rest_framework.authentication import TokenAuthentication
from allauth.idp.oidc.contrib.rest_framework.permissions import TokenPermission
from allauth.idp.oidc.models import Client
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path
from rest_framework.response import Response
from rest_framework.views import APIView


class Notes(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [TokenPermission.has_scope({"GET": "notes.read", "POST": "notes.write"})]
    notes = ["a77be019c3"]

    def get(self, request):
        return Response({"notes": self.notes})

    def post(self, request):
        self.notes.append(str(request.data))
        return Response({"saved": len(self.notes), "id": "5be10c92aa"}, status=201)


@login_required
def me(request):
    return JsonResponse({"user": request.user.username, "order": "c41f7a90d2"})


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("allauth.idp.urls")),
    path("notes", Notes.as_view()),
    path("me", me),
]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    for number, name in enumerate(("alice", "bob", "carol", "dave", "erin"), 1):
        user = get_user_model().objects.create_user(name, email=f"{name}@example.test", password=f"lab-Password-{number}")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

    def client(name, grants, scopes, **more):
        made = Client(id=name, name=name, **more)
        made.set_secret(f"{name}-Secret-1")
        made.set_grant_types(grants)
        made.set_scopes(scopes)
        made.save()

    service = ["client_credentials"]
    web = ["authorization_code", "refresh_token"]
    client("lab-service", service, ["notes.read", "notes.write"], default_scopes="notes.read")
    client("lab-reader", service, ["notes.read"], default_scopes="notes.read")
    client("lab-spare", service, ["notes.read"], default_scopes="notes.read")
    for name in ("lab-code", "lab-code-2"):
        client(name, web, ["openid", "profile", "email", "notes.read"], redirect_uris="https://app.example.test/cb")
    special = Client(id="lab-special", name="lab-special", default_scopes="notes.read")
    special.set_secret("lab+Secret/9 %41:é")
    special.set_grant_types(service)
    special.set_scopes(["notes.read"])
    special.save()
    client("lab-app", web, ["openid", "profile"], redirect_uris="https://app.example.test/cb", type="public")
    client("lab-device", ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"], ["openid", "profile"], type="public")
