"""The configuration of the documentation of CherryPy for auth_basic and auth_digest, with a file for each."""

import os

import cherrypy
from cherrypy.lib import auth_basic, auth_digest

USERS = {"jon": "lab-Password-1", "colon": "lab:Password:2", "utf8": "lab-Pässwörd-3"}
NOTES = ["a77be019c3"]


class Area:
    @cherrypy.expose
    @cherrypy.tools.json_out()
    def order(self):
        return {"hello": cherrypy.request.login, "order": "c41f7a90d2"}

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    @cherrypy.tools.allow(methods=["POST"])
    def notes(self):
        NOTES.append(cherrypy.request.json["note"])
        return {"saved": len(NOTES), "id": "5be10c92aa"}


class Root:
    basic = Area()
    digest = Area()

    @cherrypy.expose
    def index(self):
        return "Hello world!"


conf = {
    "/basic": {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "localhost",
        "tools.auth_basic.checkpassword": auth_basic.checkpassword_dict(USERS),
        "tools.auth_basic.accept_charset": "UTF-8",
    },
    "/digest": {
        "tools.auth_digest.on": True,
        "tools.auth_digest.realm": "localhost",
        "tools.auth_digest.get_ha1": auth_digest.get_ha1_dict_plain(USERS),
        "tools.auth_digest.key": "a565c27146791cfb",
        "tools.auth_digest.accept_charset": "UTF-8",
    },
}
cherrypy.config.update({"server.socket_host": "127.0.0.1", "server.socket_port": int(os.environ["PORT"]), "log.screen": False, "engine.autoreload.on": False})
cherrypy.quickstart(Root(), "/", conf)
