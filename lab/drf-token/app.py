"""The API of the quickstart of Django REST framework (users and groups), behind TokenAuthentication with the view that returns
tokens, and behind BasicAuthentication; everything in one file."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "rest_framework.authtoken"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from rest_framework import permissions, routers, serializers, viewsets
from rest_framework.authentication import BasicAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.views import obtain_auth_token


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email", "groups"]


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]
        extra_kwargs = {"name": {"validators": []}}

    def create(self, validated_data):
        return Group.objects.get_or_create(**validated_data)[0]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all().order_by("-date_joined")
    serializer_class = UserSerializer
    permission_classes = [permissions.IsAdminUser]


class GroupViewSet(viewsets.ModelViewSet):
    queryset = Group.objects.all().order_by("name")
    serializer_class = GroupSerializer


class BasicGroupViewSet(GroupViewSet):
    authentication_classes = [BasicAuthentication]


router = routers.DefaultRouter()
router.register("users", UserViewSet)
router.register("groups", GroupViewSet)
basic = routers.DefaultRouter()
basic.register("groups", BasicGroupViewSet)

urlpatterns = [path("api/", include(router.urls)), path("basic/", include(basic.urls)), path("api-token-auth/", obtain_auth_token)]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    alice = User.objects.create_superuser("alice", "alice@example.test", "lab-Password-1")
    bob = User.objects.create_user("bob", "bob@example.test", "lab-Password-2")
    User.objects.create_user("colon", "colon@example.test", "lab:Password:2")
    User.objects.create_user("utf8", "utf8@example.test", "lab-Pässwörd-3")
    Token.objects.create(user=bob, key="c41f7a90d2c41f7a90d2c41f7a90d2c41f7a90d2")
    Group.objects.create(name="editors")
