"""Adds a realm with the users of a file, and says what each administrator may do."""

import os

from privacyidea.app import create_app

application = create_app(config_name="production", config_file=os.environ["PRIVACYIDEA_CONFIGFILE"], silent=True)
with application.app_context():
    from privacyidea.lib.policy import get_static_policy_definitions, set_policy
    from privacyidea.lib.realm import set_default_realm, set_realm
    from privacyidea.lib.resolver import save_resolver
    from privacyidea.lib.token import init_token
    from privacyidea.lib.user import User

    save_resolver({"resolver": "people", "type": "passwdresolver", "fileName": os.path.abspath("data/users")})
    set_realm("lab", [{"name": "people"}])
    set_default_realm("lab")
    every = [name for name, of in get_static_policy_definitions("admin").items() if of["type"] == "bool"]
    set_policy("superuser", scope="admin", action=every, adminuser="alice")
    set_policy("helpdesk", scope="admin", action=["tokenlist"], adminuser="bob")
    init_token({"type": "spass", "serial": "LAB0001", "pin": "1234"}, user=User("carol", realm="lab"))
