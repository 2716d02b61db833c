"""Adds scopes, clients and the plug-in for OpenID Connect by the API of Glewlwyd."""

import json
import os
import time
import urllib.error
import urllib.request

ADMIN = f"http://127.0.0.1:{os.environ['ADMIN_PORT']}"
headers = {"Content-Type": "application/json"}


def send(method, path, body):
    request = urllib.request.Request(ADMIN + "/api" + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers.get("Set-Cookie", "").split(";")[0]


def wait():
    for _ in range(200):
        try:
            urllib.request.urlopen(ADMIN + "/config", timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)


def client(name, scopes, grants, redirect_uri="http://127.0.0.1/callback"):
    return {
        "client_id": f"lab-{name}",
        "name": name,
        "enabled": True,
        "confidential": True,
        "client_secret": f"lab-{name}-Secret-1",
        "password": f"lab-{name}-Secret-1",
        "authorization_type": grants,
        "scope": scopes,
        "redirect_uri": [redirect_uri],
        "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
    }


wait()
headers["Cookie"] = send("POST", "/auth/", {"username": "admin", "password": "password"})
for scope in ("read", "write", "admin", "introspect"):
    send("POST", "/scope/", {"name": scope, "display_name": scope, "description": scope, "password_required": False, "scheme": {}})
send("POST", "/client/?source=database", client("service", ["read", "write"], ["client_credentials"]))
send("POST", "/client/?source=database", client("reader", ["read"], ["client_credentials"]))
send("POST", "/client/?source=database", client("api", ["introspect"], ["client_credentials"]))
send("POST", "/client/?source=database", client("web", ["read"], ["code"]))
for name, user, scopes in (("shop", "alice", ["read", "write"]), ("news", "bob", ["read"])):
    send("POST", "/client/?source=database", client(name, scopes, ["code", "refresh_token"], f"https://{name}.example.test/back"))
    send("POST", "/user/?source=database", {"username": user, "password": f"{user}-Secret-1", "scope": ["g_profile", "openid", *scopes], "enabled": True})
parameters = {
    "iss": f"http://127.0.0.1:{os.environ['PORT']}/api/oidc",
    "jwt-type": "rsa",
    "jwt-key-size": "256",
    "key": open("issuer.key").read(),
    "cert": open("issuer.pem").read(),
    "code-duration": 600,
    "refresh-token-duration": 1209600,
    "access-token-duration": int(os.environ["LIFETIME"]),
    "allow-non-oidc": True,
    "auth-type-client-enabled": True,
    "auth-type-code-enabled": True,
    "auth-type-refresh-enabled": True,
    "pkce-allowed": True,
    "introspection-revocation-allowed": True,
    "introspection-revocation-allow-target-client": True,
    "introspection-revocation-auth-scope": ["introspect"],
}
send("POST", "/mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "enabled": True, "parameters": parameters})
