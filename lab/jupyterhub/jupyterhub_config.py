"""As the documentation of JupyterHub has it for a test: the hub, its proxy, and services with tokens of different scopes."""

import os

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['PORT']}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['PORT_2']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['PROXY_PORT']}"
# the proxy answers before the hub has told it the first route
c.ConfigurableHTTPProxy.command = ["configurable-http-proxy", "--default-target", f"http://127.0.0.1:{os.environ['PORT_2']}"]
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "lab-Password-1"
c.Authenticator.allowed_users = {"alice", "bob"}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.load_groups = {"lab": {"users": ["alice"]}}
c.JupyterHub.services = [
    {"name": "manager", "api_token": "lab-token-4f1c2b7a9e6d8035-manager"},
    {"name": "reader", "api_token": "lab-token-9d3e6a0c5b7f1824-reader"},
]
c.JupyterHub.load_roles = [
    {"name": "managers", "scopes": ["read:users", "groups", "read:hub"], "services": ["manager"]},
    {"name": "readers", "scopes": ["read:users"], "services": ["reader"]},
]
