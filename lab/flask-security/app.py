"""The basic application of the documentation of Flask-Security-Too (Flask-SQLAlchemy), with JSON logins and authentication tokens."""

import os

from flask import Flask, jsonify, request
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, hash_password, permissions_required
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__, instance_path=os.getcwd())
app.config.update(
    SECRET_KEY="lab-signing-key-0123456789-0123456789-0123456789",
    SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
    SQLALCHEMY_DATABASE_URI="sqlite:///" + os.path.join(os.getcwd(), "lab.db"),
    SECURITY_TOKEN_MAX_AGE=int(os.environ.get("LIFETIME", "10")),
    WTF_CSRF_ENABLED=False,
    SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
)
db = SQLAlchemy(app)
fsqla.FsModels.set_db_info(db)


class Role(db.Model, fsqla.FsRoleMixin):
    pass


class User(db.Model, fsqla.FsUserMixin):
    pass


datastore = SQLAlchemyUserDatastore(db, User, Role)
security = Security(app, datastore)
notes = ["a77be019c3"]


@app.get("/health")
def health():
    return "ready\n"


@app.get("/api/orders")
@auth_required("token")
def orders():
    return jsonify(order="c41f7a90d2")


@app.get("/api/notes")
@auth_required("token")
@permissions_required("read")
def read_notes():
    return jsonify(notes=notes)


@app.post("/api/notes")
@auth_required("token")
@permissions_required("write")
def write_note():
    notes.append(request.get_json()["note"])
    return jsonify(saved=len(notes), id="5be10c92aa"), 201


with app.app_context():
    db.create_all()
    datastore.create_role(name="writer", permissions={"read", "write"})
    datastore.create_role(name="reader", permissions={"read"})
    datastore.create_user(email="alice@example.com", password=hash_password("lab-alice-Password-1"), roles=["writer"])
    datastore.create_user(email="bob@example.com", password=hash_password("lab-bob-Password-1"), roles=["reader"])
    db.session.commit()

if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
