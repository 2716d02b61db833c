from piccolo.apps.user.tables import BaseUser
from piccolo.table import create_db_tables_sync
from piccolo_api.session_auth.tables import SessionsBase
from piccolo_api.token_auth.tables import TokenAuth

create_db_tables_sync(BaseUser, SessionsBase, TokenAuth)
for name, password in (("alice", "lab-Password-1"), ("bob", "lab-Password-2")):
    user = BaseUser.create_user_sync(username=name, password=password, email=f"{name}@example.com", active=True)
    TokenAuth(user=user.id, token={"alice": "1f0c9a52-4d41-4d0e-9d3e-5a2f8c7b6e01", "bob": "8b7e2f44-93c1-4f6a-b1d7-0c9e3a5d4f02"}[name]).save().run_sync()
