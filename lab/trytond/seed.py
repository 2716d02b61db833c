"""Adds users, two of them with keys for /rest; alice and carol may change categories of parties."""

import hashlib
import sys

from trytond import config

config.update_etc(sys.argv[1])

from trytond.pool import Pool  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402

Pool.start()
pool = Pool("lab")
with Transaction().start("lab", 0, readonly=True):
    pool.init()
with Transaction().start("lab", 1) as transaction:
    User = pool.get("res.user")
    Group = pool.get("res.group")
    Application = pool.get("res.user.application")
    administration, = Group.search([("name", "=", "Party Administration")])
    for number, login in enumerate(["alice", "bob", "carol", "dave", "erin"], 1):
        groups = [administration.id] if login in ("alice", "carol") else []
        user, = User.create([{"name": login.title(), "login": login, "password": f"lab-Password-{number}", "groups": [("add", groups)]}])
        if login in ("alice", "bob"):
            key = hashlib.sha512(f"lab {login}".encode()).hexdigest()
            Application.create([{"user": user.id, "application": "rest", "state": "validated", "key": key}])
    pool.get("party.party").create([{"name": "Lab Party"}])
    pool.get("party.category").create([{"name": "Lab"}])
    transaction.commit()
