import os
from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelRestApi
from flask_appbuilder.api import BaseApi, expose, protect
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.utils.legacy import get_sqla_class
from sqlalchemy import Column, Integer, String
db = get_sqla_class()()
class Contact(Model):
    __tablename__ = "contact"
    id = Column(Integer, primary_key=True)
    name = Column(String(150), nullable=False)
class ContactModelApi(ModelRestApi):
    resource_name = "contact"
    datamodel = SQLAInterface(Contact)
    allow_browser_login = True
class Greeting(BaseApi):
    resource_name = "greeting"
    @expose("/public")
    def public(self):
        return self.response(200, message="Hello")
    @expose("/private")
    @protect()
    def private(self):
        return self.response(200, message="This is a protected greeting")
app = Flask(__name__)
app.config.update(SECRET_KEY="lab-secret-key-0123456789-0123456789-0123456789", SQLALCHEMY_DATABASE_URI="sqlite:///" + os.path.abspath("app.db"), AUTH_TYPE=1, FAB_ADD_SECURITY_API=True, JWT_ACCESS_TOKEN_EXPIRES=int(os.environ.get("LIFETIME", "20")))
db.init_app(app)
with app.app_context():
    appbuilder = AppBuilder(app, db.session)
    appbuilder.add_api(ContactModelApi)
    appbuilder.add_api(Greeting)
    db.create_all()
    sm = appbuilder.sm
    sm.sync_role_definitions() if hasattr(sm,'sync_role_definitions') else None
    if not sm.find_user("alice"):
        sm.add_user("alice", "Alice", "A", "alice@example.test", sm.find_role("Admin"), "lab-Password-1")
        r = sm.add_role("Reader")
        for p, v in (("can_get", "ContactModelApi"), ("can_get", "Contact"), ("can_private", "Greeting")):
            pv = sm.find_permission_view_menu(p, v)
            if pv: sm.add_permission_role(r, pv)
        sm.add_user("bob", "Bob", "B", "bob@example.test", r, "lab-Password-2")
        db.session.add(Contact(name="first")); db.session.commit()
