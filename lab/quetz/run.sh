#!/usr/bin/env bash
# Quetz: a new deployment with the users of its development mode, one private channel, and keys.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf data
cat > config.toml <<TOML
[github]
client_id = ""
client_secret = ""

[sqlalchemy]
database_url = "sqlite:///./quetz.sqlite"

[session]
secret = "$(openssl rand -hex 32)"
https_only = false

[users]
admins = ["dummy:alice"]
TOML
export PYTHONDONTWRITEBYTECODE=1
venv/bin/quetz create data --copy-conf config.toml >> setup.log 2>&1
(cd data && QUETZ_CONFIG_FILE=$PWD/config.toml ../venv/bin/python "$HERE/seed.py")
exec venv/bin/quetz start data --host 127.0.0.1 --port "$PORT" --log-level warning
