"""django-rest-knox as its documentation sets it up: its login behind Basic, its logout, and an API of users; in one file."""

import os
from datetime import timedelta

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "knox"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    REST_KNOX={"TOKEN_TTL": timedelta(seconds=int(os.environ.get("LIFETIME", "10")))},
)
django.setup()

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from knox.views import LoginView, LogoutView
from rest_framework import routers, serializers, viewsets
from rest_framework.authentication import BasicAuthentication


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email"]


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all().order_by("-date_joined")
    serializer_class = UserSerializer


class GroupViewSet(viewsets.ModelViewSet):
    queryset = Group.objects.all().order_by("name")
    serializer_class = GroupSerializer


class Login(LoginView):
    authentication_classes = [BasicAuthentication]


router = routers.DefaultRouter()
router.register("users", UserViewSet)
router.register("groups", GroupViewSet)

urlpatterns = [path("", include(router.urls)), path("auth/login/", Login.as_view()), path("auth/logout/", LogoutView.as_view())]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    User.objects.create_user("alice", "alice@example.test", "lab-Password-1")
    Group.objects.create(name="editors")
