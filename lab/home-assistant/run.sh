#!/usr/bin/env bash
# Home Assistant 2024.3 with its front end, histories and webhooks: an owner, a user without administration, and a second administrator.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf config && mkdir config
cat > config/configuration.yaml <<CONF
homeassistant: { name: Lab, time_zone: UTC, latitude: 0, longitude: 0, country: DE, currency: EUR }
http: { server_host: 127.0.0.1, server_port: $PORT }
frontend:
history:
logbook:
mobile_app:
input_boolean: { lamp: { name: Lamp } }
CONF
venv/bin/python "$HERE/seed.py" config >> seed.log 2>&1
exec venv/bin/hass --config config --skip-pip
