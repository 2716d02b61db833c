from django.contrib.auth.models import User
from oidc_provider.models import Client, ResponseType
User.objects.create_user("alice", "alice@example.com", "lab-Password-1")
User.objects.create_user("bob", "bob@example.com", "lab-Password-2")
def client(name, scope, kind="confidential"):
    made = Client(name=name, client_type=kind, client_id=name, client_secret=name + "-Secret-1" if kind == "confidential" else "", jwt_alg="RS256")
    made.redirect_uris = ["http://127.0.0.1/cb"]
    made.scope = scope
    made.save()
    made.response_types.add(ResponseType.objects.get(value="code"))

client("lab-service", ["read", "write"])
client("lab-reader", ["read"])
client("lab-web", ["openid", "profile", "email", "read"])
client("lab-other", ["openid", "read"])
client("lab-rs", ["token_introspection"])
client("lab-empty", [])
client("lab-spare", ["read"])
client("lab-public", ["openid", "read"], "public")
