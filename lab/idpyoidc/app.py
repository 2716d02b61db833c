"""The OpenID provider of idpy-oidc's example/flask_op, over http: its configuration, with the client credentials grant and the revocation
endpoint added, and clients in its database; its view service_endpoint, errors included. The library's helper of client credentials fails at the
second token of a client (a ClientSessionInfo is read as a dictionary); the one here gives each request a session of its own."""

import json
import os
import sys
import traceback

from flask import Blueprint, Flask, current_app, redirect, request
from flask.helpers import make_response
from idpyoidc.message.oauth2 import ResponseMessage
from idpyoidc.message.oidc import AccessTokenRequest, AuthorizationRequest
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.oauth2.token_helper.client_credentials import ClientCredentials
from idpyoidc.server.exception import ClientAuthenticationError, FailedAuthentication
from idpyoidc.server.oidc.token import Token
from idpyoidc.time_util import utc_time_sans_frac

PORT = os.environ["PORT"]
LIFETIME = int(os.environ.get("LIFETIME", "20"))
METHODS = ["client_secret_post", "client_secret_basic", "client_secret_jwt", "private_key_jwt"]
GRANTS = ["authorization_code", "refresh_token", "client_credentials"]
OIDC = "idpyoidc.server.oidc."


class EachItsOwn(ClientCredentials):
    def process_request(self, req, **kwargs):
        context = self.endpoint.upstream_get("context")
        manager = context.session_manager
        session = manager.get_session_info(manager.add_grant(["client_credentials", req["client_id"]]))
        allowed = context.cdb[req["client_id"]].get("allowed_scopes", [])
        token = self._mint_token(
            token_class="access_token",
            grant=session["grant"],
            session_id=session["branch_id"],
            client_id=session["client_id"],
            based_on=None,
            scope=allowed,
            token_type="Bearer",
        )
        answer = {"access_token": token.value, "token_type": token.token_class, "scope": allowed}
        if token.expires_at:
            answer["expires_in"] = token.expires_at - utc_time_sans_frac()
        return answer


def end(path, of, **kwargs):
    return {"path": path, "class": of, "kwargs": kwargs}


CONFIG = {
    "issuer": f"http://127.0.0.1:{PORT}",
    "entity_id": f"http://127.0.0.1:{PORT}",
    "httpc_params": {"verify": False},
    "add_on": {
        "pkce": {
            "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
            "kwargs": {"essential": False, "code_challenge_method": "S256 S384 S512"},
        }
    },
    "authz": {
        "class": "idpyoidc.server.authz.AuthzHandling",
        "kwargs": {
            "grant_config": {
                "usage_rules": {
                    "authorization_code": {"supports_minting": ["access_token", "refresh_token", "id_token"], "max_usage": 1},
                    "access_token": {},
                    "refresh_token": {"supports_minting": ["access_token", "refresh_token"]},
                },
                "expires_in": 43200,
            }
        },
    },
    "authentication": {
        "user": {
            "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
            "class": "idpyoidc.server.user_authn.user.UserPassJinja2",
            "kwargs": {
                "verify_endpoint": "/verify/user",
                "template": "user_pass.jinja2",
                "db": {"class": "idpyoidc.server.util.JSONDictDB", "kwargs": {"filename": "passwd.json"}},
                "page_header": "Testing log in",
                "submit_btn": "Get me in!",
                "user_label": "Nickname",
                "passwd_label": "Secret sauce",
            },
        }
    },
    "preference": {"subject_types_supported": ["public", "pairwise"], "grant_types_supported": GRANTS},
    "claims_interface": {"class": "idpyoidc.server.session.claims.ClaimsInterface", "kwargs": {}},
    "cookie_handler": {
        "class": "idpyoidc.server.cookie_handler.CookieHandler",
        "kwargs": {
            "keys": {
                "private_path": "private/cookie_jwks.json",
                "key_defs": [{"type": "OCT", "use": ["enc"], "kid": "enc"}, {"type": "OCT", "use": ["sig"], "kid": "sig"}],
                "read_only": False,
            },
            "name": {"session": "oidc_op", "register": "oidc_op_rp", "session_management": "sman"},
        },
    },
    "endpoint": {
        "provider_info": end(".well-known/openid-configuration", OIDC + "provider_config.ProviderConfiguration", client_authn_method=None),
        "registration": end("registration", OIDC + "registration.Registration", client_authn_method=None, client_secret_expiration_time=432000),
        "registration_api": end("registration_api", OIDC + "read_registration.RegistrationRead", client_authn_method=["bearer_header"]),
        "introspection": end(
            "introspection", "idpyoidc.server.oauth2.introspection.Introspection", client_authn_method=METHODS, release=["username"]
        ),
        "revocation": end("revocation", "idpyoidc.server.oauth2.token_revocation.TokenRevocation", client_authn_method=METHODS),
        "authorization": end(
            "authorization",
            OIDC + "authorization.Authorization",
            client_authn_method=None,
            claims_parameter_supported=True,
            request_parameter_supported=True,
            request_uri_parameter_supported=True,
            response_types_supported=["code", "id_token", "code id_token"],
            response_modes_supported=["query", "fragment", "form_post"],
        ),
        "token": end(
            "token",
            OIDC + "token.Token",
            client_authn_method=METHODS,
            grant_types_helpers={
                "authorization_code": {"class": OIDC + "token_helper.access_token.AccessTokenHelper"},
                "refresh_token": {"class": OIDC + "token_helper.refresh_token.RefreshTokenHelper"},
                "client_credentials": {"class": EachItsOwn},
            },
        ),
        "userinfo": end("userinfo", OIDC + "userinfo.UserInfo", claim_types_supported=["normal", "aggregated", "distributed"]),
    },
    "keys": {
        "private_path": "private/jwks.json",
        "key_defs": [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}],
        "read_only": False,
        "uri_path": "jwks",
    },
    "template_dir": "templates",
    "token_handler_args": {
        "jwks_def": {
            "private_path": "private/token_jwks.json",
            "key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}, {"type": "oct", "bytes": 24, "use": ["enc"], "kid": "refresh"}],
            "read_only": False,
        },
        "code": {"kwargs": {"lifetime": 600}},
        "token": {
            "class": "idpyoidc.server.token.jwt_token.JWTToken",
            "kwargs": {
                "lifetime": LIFETIME,
                "add_claims": ["email", "email_verified", "phone_number", "phone_number_verified"],
                "add_claims_by_scope": True,
                "aud": ["https://example.org/appl"],
            },
        },
        "refresh": {"kwargs": {"lifetime": 86400}},
        "id_token": {
            "class": "idpyoidc.server.token.id_token.IDToken",
            "kwargs": {"base_claims": {"email": {"essential": True}, "email_verified": {"essential": True}}},
        },
    },
    "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db_file": "users.json"}},
}


def client(secret, grants, scopes, **more):
    return {
        "client_secret": secret,
        "client_salt": "salted00",
        "redirect_uris": [("http://127.0.0.1/cb", {})],
        "response_types_supported": ["code"],
        "grant_types_supported": grants,
        "allowed_scopes": scopes,
        "enforce_audience_restriction": False,
        **more,
    }


views = Blueprint("oidc_op", __name__, url_prefix="")
IGNORE = ["cookie", "user-agent"]


def do_response(endpoint, req_args, error="", **args):
    info = endpoint.do_response(request=req_args, error=error, **args)
    placement = info.get("response_placement", endpoint.response_placement)
    if placement == "body":
        resp = make_response(info["response"], info.get("response_code", 400 if error else 200))
    else:
        resp = redirect(info["response"])
    for key, value in info["http_headers"]:
        resp.headers[key] = value
    for spec in info.get("cookie", []):
        resp.set_cookie(spec["name"], **{k: v for k, v in spec.items() if k != "name"} | {"path": "/", "samesite": "Lax"})
    return resp


def service_endpoint(endpoint):
    http_info = {
        "headers": {k: v for k, v in request.headers.items(lower=True) if k not in IGNORE},
        "method": request.method,
        "url": request.url,
        "cookie": [{"name": k, "value": v} for k, v in request.cookies.items()],
    }
    if request.method == "GET":
        try:
            req_args = endpoint.parse_request(request.args.to_dict(), http_info=http_info)
        except ClientAuthenticationError as err:
            return make_response(json.dumps({"error": "unauthorized_client", "error_description": str(err)}), 401)
        except Exception as err:
            return make_response(json.dumps({"error": "invalid_request", "error_description": str(err)}), 400)
    else:
        if request.data:
            req_args = request.data if isinstance(request.data, str) else request.data.decode()
        else:
            req_args = dict([(k, v) for k, v in request.form.items()])
        try:
            req_args = endpoint.parse_request(req_args, http_info=http_info)
        except Exception as err:
            return make_response(ResponseMessage(error="invalid_request", error_description=str(err)).to_json(), 400)
    if isinstance(req_args, ResponseMessage) and "error" in req_args:
        resp = make_response(req_args.to_json(), 400)
        if request.method == "POST":
            resp.headers["Content-type"] = "application/json"
        return resp
    try:
        if isinstance(endpoint, Token):
            args = endpoint.process_request(AccessTokenRequest(**req_args), http_info=http_info)
        else:
            args = endpoint.process_request(req_args, http_info=http_info)
    except Exception as err:
        print(traceback.format_exc(), file=sys.stderr)
        return make_response(ResponseMessage(error="invalid_request", error_description=str(err)).to_json(), 400)
    if "redirect_location" in args:
        return redirect(args["redirect_location"])
    if "http_response" in args:
        return make_response(args["http_response"], 200)
    return do_response(endpoint, req_args, **args)


def serve(path, name, methods):
    views.add_url_rule(path, name, lambda: service_endpoint(current_app.server.get_endpoint(name)), methods=methods)


serve("/registration", "registration", ["GET", "POST"])
serve("/registration_api", "registration_read", ["GET"])
serve("/authorization", "authorization", ["GET"])
serve("/token", "token", ["GET", "POST"])
serve("/introspection", "introspection", ["POST"])
serve("/revocation", "token_revocation", ["POST"])
serve("/userinfo", "userinfo", ["GET", "POST"])
serve("/.well-known/openid-configuration", "provider_config", ["GET"])


@views.route("/jwks")
def jwks():
    return current_app.server.get_context().keyjar.export_jwks()


@views.route("/verify/user", methods=["GET", "POST"])
def verify_user():
    authn_method = current_app.server.get_context().authn_broker.get_method_by_id("user")
    try:
        kwargs = dict([(k, v) for k, v in request.form.items()])
        username = authn_method.verify(**kwargs)
        if not username:
            return make_response("Authentication failed", 403)
        auth_args = authn_method.unpack_token(kwargs["token"])
        authz_request = AuthorizationRequest().from_urlencoded(auth_args["query"])
        endpoint = current_app.server.get_endpoint("authorization")
        session_id = endpoint.create_session(authz_request, username, auth_args["authn_class_ref"], auth_args["iat"], authn_method)
        args = endpoint.authz_part2(request=authz_request, session_id=session_id)
        if isinstance(args, ResponseMessage) and "error" in args:
            return make_response(args.to_json(), 400)
        return do_response(endpoint, request, **args)
    except FailedAuthentication as exc:
        return f"<h1>{exc}</h1>"


@views.route("/")
def index():
    return "<h1>OP</h1>"


here = os.getcwd()
app = Flask("oidc_op", static_url_path="")
app.register_blueprint(views)
app.server = Server(OPConfiguration(conf=CONFIG, base_path=here), cwd=here)
_cdb = app.server.get_context().cdb
_cdb["lab-service"] = client("lab-service-Secret-1", ["client_credentials"], ["read", "write"])
_cdb["lab-reader"] = client("lab-reader-Secret-1", ["client_credentials"], ["read"])
_cdb["lab-special"] = client("lab/Secret+1%2F&=é", ["client_credentials"], ["read"])
_cdb["lab-jwt"] = client("lab-jwt-Secret-0123456789-0123456789-0123456789", ["client_credentials"], ["read", "write"])
app.server.keyjar.add_symmetric("lab-jwt", _cdb["lab-jwt"]["client_secret"])  # as its registration endpoint does
_cdb["lab-web"] = client(
    "lab-web-Secret-1", ["authorization_code", "refresh_token"], ["openid", "profile", "email", "offline_access"]
)

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(PORT), debug=False)
