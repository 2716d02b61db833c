"""The examples "basic usage", "refreshing tokens" and "revoking tokens" of the documentation of Flask-JWT-Extended."""

import os
from datetime import timedelta

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, get_jwt, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "lab-signing-key-0123456789-0123456789-0123456789"
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(seconds=int(os.environ.get("LIFETIME", "10")))
app.config["JWT_TOKEN_LOCATION"] = ["headers", "query_string", "json", "cookies"] if os.environ.get("LAB_ALL_PLACES") else ["headers"]
jwt = JWTManager(app)
revoked = set()
notes = ["a77be019c3"]


@jwt.token_in_blocklist_loader
def is_revoked(_header, payload):
    return payload["jti"] in revoked


@app.route("/login", methods=["POST"])
def login():
    username = request.json.get("username", None)
    password = request.json.get("password", None)
    if username != "test" or password != "lab-Password-1":
        return jsonify({"msg": "Bad username or password"}), 401
    return jsonify(access_token=create_access_token(identity=username), refresh_token=create_refresh_token(identity=username))


@app.route("/refresh", methods=["POST"])
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(identity=get_jwt_identity()))


@app.route("/logout", methods=["DELETE"])
@jwt_required(verify_type=False)
def logout():
    revoked.add(get_jwt()["jti"])
    return jsonify(msg="Access token revoked")


@app.route("/protected", methods=["GET"])
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity(), order="c41f7a90d2"), 200


@app.route("/notes", methods=["GET", "POST"])
@jwt_required()
def note():
    if request.method == "POST":
        notes.append(request.json["note"])
        return jsonify(saved=len(notes), id="5be10c92aa"), 201
    return jsonify(notes=notes)
