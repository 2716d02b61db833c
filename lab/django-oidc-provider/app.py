import os
import sys

from django.conf import settings

settings.configure(
    DEBUG=False,
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF="app",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SITE_URL=f"http://127.0.0.1:{os.environ['PORT']}",
    LOGIN_URL="/accounts/login/",
    OIDC_GRANT_TYPE_PASSWORD_ENABLE=True,
    OIDC_INTROSPECTION_VALIDATE_AUDIENCE_SCOPE=False,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "lab.sqlite3"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "oidc_provider"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "oidc_provider.middleware.SessionManagementMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)

if __name__ == "__main__":
    sys.modules["app"] = sys.modules["__main__"]
    import django

    django.setup()

from django.http import JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from oidc_provider.lib.utils.oauth2 import protected_resource_view


@require_http_methods(["GET"])
@protected_resource_view(["read"])
def notes(request, *args, **kwargs):
    return JsonResponse({"note": "c41f7a90d2"})


@require_http_methods(["POST"])
@protected_resource_view(["write"])
def add(request, *args, **kwargs):
    return JsonResponse({"saved": request.POST.get("note")})


urlpatterns = [
    path("openid/", include("oidc_provider.urls", namespace="oidc_provider")),
    path("api/notes", notes),
    path("api/notes/add", csrf_exempt(add)),
    path("health", lambda request: JsonResponse({"up": True})),
]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
