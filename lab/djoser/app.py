"""djoser with the settings of its documentation: its endpoints for users and for tokens; everything in one file."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "rest_framework.authtoken", "djoser"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    # fewer rounds than by default: many logins of a run would take minutes
    PASSWORD_HASHERS=["app.FewerRounds"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FewerRounds(PBKDF2PasswordHasher):
    iterations = 20_000


django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

urlpatterns = [path("auth/", include("djoser.urls")), path("auth/", include("djoser.urls.authtoken"))]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    User.objects.create_user("alice", "alice@example.test", "lab-Password-1")
    User.objects.create_user("bob", "bob@example.test", "lab-Password-2")
