"""Makes what the pages of the first start make: users with their passwords, a token of each that lives for ten years, and the note that it is done."""
import asyncio
import json
import os
import sys
from datetime import timedelta

from homeassistant import runner
from homeassistant.auth import auth_manager_from_config
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_USER
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry, entity_registry

USERS = [
    ("alice", "lab-Password-1", GROUP_ID_ADMIN),
    ("bob", "lab-Password-2", GROUP_ID_USER),
    ("carol", "lab-Password-3", GROUP_ID_ADMIN),
]


async def main(folder):
    hass = HomeAssistant(os.path.abspath(folder))
    await asyncio.gather(device_registry.async_load(hass), entity_registry.async_load(hass))
    hass.auth = await auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    provider = hass.auth.auth_providers[0]
    await provider.async_initialize()
    for name, password, group in USERS:
        provider.data.add_auth(name, password)
        user = await hass.auth.async_create_user(name.title(), group_ids=[group])
        await hass.auth.async_link_user(user, await provider.async_get_or_create_credentials({"username": name}))
        # a token that lives for ten years, with an identifier and a key of the lab, so that tokens of its issuer can be minted
        token = await hass.auth.async_create_refresh_token(
            user, client_name="lab", token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN, access_token_expiration=timedelta(days=3650)
        )
        del user.refresh_tokens[token.id]
        token.id, token.jwt_key = f"lab{name}".ljust(32, "0"), f"lab-signing-key-{name}-".ljust(64, "0")
        user.refresh_tokens[token.id] = token
    await provider.data.async_save()
    await hass.auth._store._store.async_save(hass.auth._store._data_to_save())
    with open(os.path.join(folder, ".storage", "onboarding"), "w") as file:
        json.dump({"version": 4, "minor_version": 1, "key": "onboarding", "data": {"done": ["user", "core_config", "analytics", "integration"]}}, file)
    await hass.async_stop()


asyncio.set_event_loop_policy(runner.HassEventLoopPolicy(False))
asyncio.run(main(sys.argv[1]))
