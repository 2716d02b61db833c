"""Writes the configuration that the package is shipped with, for this machine, and with clients of OpenID Connect."""

import json
import os
import sys

work, port = os.getcwd(), os.environ["PORT"]
with open(sys.argv[1]) as file:
    conf = json.loads(file.read().replace("/var/lib/lemonldap-ng", f"{work}/data").replace("auth.example.com", f"127.0.0.1:{port}"))


def client(name, secret, **options):
    return {
        "oidcRPMetaDataOptionsClientID": name,
        "oidcRPMetaDataOptionsClientSecret": secret,
        "oidcRPMetaDataOptionsRedirectUris": "http://127.0.0.1:9/callback",
        "oidcRPMetaDataOptionsIDTokenSignAlg": "RS256",
        "oidcRPMetaDataOptionsBypassConsent": 1,
        "oidcRPMetaDataOptionsAccessTokenExpiration": int(os.environ.get("LIFETIME", "10")),
        **{f"oidcRPMetaDataOptions{key}": value for key, value in options.items()},
    }


conf.update(
    domain="127.0.0.1",
    key="lab-key-0123456789",
    issuerDBOpenIDConnectActivation=1,
    oidcServicePrivateKeySig=open("issuer.key").read(),
    oidcServicePublicKeySig=open("issuer.pem").read(),
    oidcServiceKeyIdSig="lab-key",
    oidcRPMetaDataOptions={
        "service": client("lab-service", "lab-service-Secret-1", AllowClientCredentialsGrant=1),
        "reader": client("lab-reader", "lab-reader-Secret-1", AllowClientCredentialsGrant=1),
        "api": client("lab-api", "lab-api-Secret-1"),
        "web": client("lab-web", "lab-web-Secret-1", AllowPasswordGrant=1, RefreshToken=1),
        "public": client("lab-public", "", Public=1),
    },
    oidcRPMetaDataExportedVars={name: {"email": "mail", "name": "cn"} for name in ("service", "reader", "web", "public")},
    oidcRPMetaDataScopeRules={"service": {"read": "1", "write": "1"}, "reader": {"read": "1", "write": "0"}},
)
json.dump(conf, sys.stdout, indent=1)
