"""The examples of the documentation of Twisted Web for HTTP authentication: a realm, a checker that has passwords in memory, and
HTTPAuthSessionWrapper with Basic and with Digest."""

import json
import os

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.web.guard import BasicCredentialFactory, DigestCredentialFactory, HTTPAuthSessionWrapper
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site
from zope.interface import implementer

NOTES = ["a77be019c3"]


class Order(Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader(b"content-type", b"application/json")
        return json.dumps({"order": "c41f7a90d2"}).encode()

    def render_POST(self, request):
        NOTES.append(request.content.read().decode())
        request.setHeader(b"content-type", b"application/json")
        return json.dumps({"saved": len(NOTES), "id": "5be10c92aa"}).encode()


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatarId, mind, *interfaces):
        if IResource in interfaces:
            root = Resource()
            root.putChild(b"order", Order())
            return IResource, root, lambda: None
        raise NotImplementedError()


checker = InMemoryUsernamePasswordDatabaseDontUse(alice=b"lab-Password-1", colon=b"lab:Password:2", utf8="lab-Pässwörd-3".encode())
portal = Portal(Realm(), [checker])
root = Resource()
root.putChild(b"basic", HTTPAuthSessionWrapper(portal, [BasicCredentialFactory(b"lab realm")]))
root.putChild(b"digest", HTTPAuthSessionWrapper(portal, [DigestCredentialFactory(b"md5", b"lab realm")]))
reactor.listenTCP(int(os.environ["PORT"]), Site(root), interface="127.0.0.1")
reactor.run()
