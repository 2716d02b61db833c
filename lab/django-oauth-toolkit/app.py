"""Django OAuth Toolkit as its tutorial sets it up: its own URLs, and two views that it protects; everything in one file."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "oauth2_provider.middleware.OAuth2TokenMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": [
        ("django.template.loaders.locmem.Loader", {"registration/login.html": '<form method="post">{% csrf_token %}{{ form }}</form>'}),
        "django.template.loaders.app_directories.Loader",
    ]}}],
    AUTHENTICATION_BACKENDS=["oauth2_provider.backends.OAuth2Backend", "django.contrib.auth.backends.ModelBackend"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "SCOPES": {"read": "Read scope", "write": "Write scope", "introspection": "Introspect token scope"},
        "ACCESS_TOKEN_EXPIRE_SECONDS": int(os.environ.get("LIFETIME", "10")),
    },
)
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect
from oauth2_provider.models import get_application_model
from oauth2_provider.views import AuthorizationView
from oauth2_provider.views.generic import ProtectedResourceView, ReadWriteScopedResourceView


class Secret(ProtectedResourceView):
    def get(self, request, *args, **kwargs):
        return JsonResponse({"message": "Hello, OAuth2!", "order": "c41f7a90d2"})


class Notes(ReadWriteScopedResourceView):
    required_scopes = []
    notes = ["a77be019c3"]

    def get(self, request, *args, **kwargs):
        return JsonResponse({"notes": self.notes})

    def post(self, request, *args, **kwargs):
        self.notes.append(request.POST.get("note", ""))
        return JsonResponse({"saved": len(self.notes), "id": "5be10c92aa"}, status=201)


urlpatterns = [
    path("accounts/", include("django.contrib.auth.urls")),
    # only the pages of the user are guarded against CSRF: the clients of /notes have no cookie
    path("o/authorize/", csrf_protect(AuthorizationView.as_view())),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("secret", Secret.as_view()),
    path("notes", Notes.as_view()),
]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    Application = get_application_model()
    for name in ("service", "other"):
        Application.objects.create(
            name=name,
            client_id=f"lab-{name}",
            client_secret=f"lab-{name}-Secret-1",
            client_type="confidential",
            authorization_grant_type="client-credentials",
        )
    Application.objects.create(
        name="web", client_id="lab-web", client_secret="lab-web-Secret-1", client_type="confidential",
        authorization_grant_type="authorization-code", redirect_uris="http://127.0.0.1/callback",
    )
    for name in ("code", "code-2"):
        Application.objects.create(
            name=name, client_id=f"lab-{name}", client_secret=f"lab-{name}-Secret-1", client_type="confidential",
            authorization_grant_type="authorization-code", redirect_uris="https://app.example.test/cb",
        )
    for number, name in enumerate(("alice", "bob"), 1):
        get_user_model().objects.create_user(name, password=f"lab-Password-{number}")
    Application.objects.create(name="app", client_id="lab-app", client_type="public", authorization_grant_type="client-credentials")
