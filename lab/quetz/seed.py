"""Makes the users that `quetz create --dev` makes, with roles and keys of the lab, and a private channel of one of them."""

from quetz.config import Config
from quetz.dao import Dao
from quetz.database import get_session
from quetz.db_models import Identity, Profile
from quetz.rest_models import BaseApiKey, Channel

dao = Dao(get_session(Config().sqlalchemy_database_url))
for index, (name, role) in enumerate((("alice", "owner"), ("bob", None), ("dave", "member"))):
    user = dao.create_user_with_role(name, role)
    user.identities.append(Identity(provider="dummy", identity_id=str(index), username=name))
    user.profile = Profile(name=name.capitalize(), avatar_url="/avatar.jpg")
    dao.db.commit()
    dao.create_api_key(user.id, BaseApiKey(description="lab", roles=[]), f"lab-{name}-Key-0123456789abcdef012345")
    if name == "dave":
        dao.create_channel(Channel(name="davepriv", private=True), user.id, "owner")
