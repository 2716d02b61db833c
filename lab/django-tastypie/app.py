"""django-tastypie as its tutorial sets it up: model resources of Django's users and groups with DjangoAuthorization, at /api/v1 with
ApiKeyAuthentication and at /api/v2 with BasicAuthentication; in one file."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "tastypie"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from tastypie.api import Api
from tastypie.authentication import ApiKeyAuthentication, BasicAuthentication
from tastypie.authorization import DjangoAuthorization
from tastypie.models import ApiKey
from tastypie.resources import ModelResource


def api(version, method):
    class UserResource(ModelResource):
        class Meta:
            queryset = User.objects.all()
            resource_name = "user"
            fields = ["username", "first_name", "last_name", "last_login"]
            allowed_methods = ["get"]
            authentication = method()
            authorization = DjangoAuthorization()

    class GroupResource(ModelResource):
        class Meta:
            queryset = Group.objects.order_by("id")
            resource_name = "group"
            authentication = method()
            authorization = DjangoAuthorization()

    made = Api(api_name=version)
    made.register(UserResource())
    made.register(GroupResource())
    return made


urlpatterns = [path("api/", include(api("v1", ApiKeyAuthentication).urls)), path("api/", include(api("v2", BasicAuthentication).urls))]

application = get_wsgi_application()

if os.environ.get("LAB_SEED"):
    call_command("migrate", verbosity=0)
    Group.objects.create(name="c41f7a90d2")
    for name, password, key, rights in (
        ("alice", "lab-Password-1", "labKeyC41f7a90d2A77bE019c3xQ", ["change_user", "change_group"]),
        ("bob", "lab-Password-2", "labKeyHd62yP4mKc9sEf05Zq81x", ["change_user"]),
        ("carl", "lab:Pass:word-3", "labKeyZq81xT0vWb5nLr37Hd62y", ["change_user"]),
        ("dora", "Pässwört-4", "labKey5nLr37Hd62yZq81xT0vWb", ["change_user"]),
        ("eric", "lab-Password-" + "5" * 80 + "x", "labKeyEf05Zq81xHd62yP4mKc9s", ["change_user"]),
    ):
        user = User.objects.create_user(name, f"{name}@example.test", password)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        ApiKey.objects.create(user=user, key=key)
