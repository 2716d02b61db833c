"""Makes a library of Calibre with two books, and lets Calibre-Web know it: its folder, the port, and the users alice, bob and carol."""

import datetime
import os
import sqlite3
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

sys.argv = ["cps", "-p", "data"]
import calibreweb  # noqa: E402, F401 (lets its parts be imported)
import cps  # noqa: E402

cps.cli_param.init()
from cps import config_sql, constants, db, ub  # noqa: E402

os.makedirs("library", exist_ok=True)
engine = create_engine("sqlite:///library/metadata.db", execution_options={"schema_translate_map": {"calibre": None}})
db.Base.metadata.create_all(engine)
with Session(engine) as session:
    session.execute(text("insert into library_id (uuid) values ('11111111-2222-4333-8444-555555555555')"))
    for number in (1, 2):
        session.execute(text("insert into authors (id, name, sort, link) values (:n, :a, :a, '')"), {"n": number, "a": f"Author {number}"})
        session.execute(
            text(
                "insert into books (id, title, sort, author_sort, timestamp, pubdate, series_index, last_modified, path, has_cover, uuid) "
                "values (:n, :t, :t, :a, :d, :d, '1.0', :d, :p, 0, :u)"
            ),
            {
                "n": number,
                "t": f"Lab Book {number}",
                "a": f"Author {number}",
                "d": datetime.datetime(2026, 1, 1).isoformat(" "),
                "p": f"book{number}",
                "u": f"00000000-0000-4000-8000-00000000000{number}",
            },
        )
        session.execute(text("insert into books_authors_link (book, author) values (:n, :n)"), {"n": number})
        session.execute(
            text("insert into data (book, format, uncompressed_size, name) values (:n, 'TXT', 9, :f)"), {"n": number, "f": f"book{number}"}
        )
        os.makedirs(f"library/book{number}", exist_ok=True)
        with open(f"library/book{number}/book{number}.txt", "w", encoding="utf-8") as out:
            out.write("lab text\n")
    session.commit()

ub.init_db("data/app.db")
key, _ = config_sql.get_encryption_key("data")
config_sql.load_configuration(ub.session, key)
settings = ub.session.query(config_sql._Settings).one()
settings.config_calibre_dir = os.path.abspath("library")
settings.config_calibre_uuid = "11111111-2222-4333-8444-555555555555"
settings.config_port = int(os.environ["PORT"])
settings.config_ratelimiter = os.environ.get("LAB_LIMITS", "on") == "on"
admin = ub.session.query(ub.User).filter(ub.User.name == "admin").one()
admin.name, admin.password = "alice", generate_password_hash("lab-Password-1")
reader = constants.ROLE_VIEWER | constants.ROLE_EDIT_SHELFS | constants.ROLE_PASSWD
for name, password, role in (("bob", "lab-Password-2", reader | constants.ROLE_DOWNLOAD), ("carol", "lab-Password-3", reader)):
    user = ub.User()
    user.name, user.email, user.password = name, f"{name}@example.com", generate_password_hash(password)
    user.role, user.sidebar_view, user.locale, user.default_language = role, constants.ADMIN_USER_SIDEBAR, "en", "all"
    ub.session.add(user)
    ub.session.flush()
    shelf = ub.Shelf()
    shelf.name, shelf.is_public, shelf.user_id = f"Shelf of {name}", 0, user.id
    ub.session.add(shelf)
ub.session.commit()
