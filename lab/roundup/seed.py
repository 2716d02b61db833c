"""The demo tracker of Roundup, made as roundup-demo makes it, with the users of the lab beside its own."""
import os
import sys

from roundup import configuration, instance, password
from roundup.demo import install_demo

home, port, unlimited = sys.argv[1], int(sys.argv[2]), "unlimited" in sys.argv
os.chdir(sys.prefix)  # the templates are below share/
install_demo(home, "sqlite", "classic", port, "127.0.0.1")
if unlimited:
    config = configuration.CoreConfig(home)
    config["WEB_LOGIN_ATTEMPTS_MIN"] = 0
    config["WEB_API_FAILED_LOGIN_LIMIT"] = 0
    config.save()
db = instance.open(home).open("admin")
for name, secret, roles in (("alice", "lab-Password-1", "User,Admin"), ("bob", "lab-Password-2", "User"), ("carol", "lab-Password-3", "User")):
    db.user.create(username=name, password=password.Password(secret, config=db.config), realname=f"{name} lab", address=f"{name}@example.com", roles=roles)
db.issue.create(title="first", status="1", priority="1")
db.commit()
db.close()
