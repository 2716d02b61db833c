#!/usr/bin/env bash
# Synapse: the homeserver as its generator configures it, with SQLite, for clients alone.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
rm -rf config data
mkdir config data
venv/bin/python -m synapse.app.homeserver --server-name lab.test --config-path config/homeserver.yaml --data-directory data --generate-config --report-stats=no > generate.log 2>&1
configure() {
  cat > "config/zz-lab-$1.yaml" <<EOF
# no federation, no outgoing requests, and one port
listeners:
  - { bind_addresses: [127.0.0.1], port: $1, type: http, resources: [{ names: [client], compress: false }] }
trusted_key_servers: []
registration_shared_secret: lab-registration-secret
# fewer rounds than by default, and no limit of logins: a run makes many, and some of them fail. By default three failures are
# free, and one in six seconds after them.
bcrypt_rounds: 8
rc_login: { address: { per_second: 1000, burst_count: 1000 }, account: { per_second: 1000, burst_count: 1000 }, failed_attempts: { per_second: 1000, burst_count: 1000 } }
EOF
}
serve() { exec venv/bin/python -m synapse.app.homeserver --config-path config/homeserver.yaml --config-path "config/zz-lab-$1.yaml"; }
configure "$PORT"
configure "$PORT_2"
# the accounts and what they own are made before the application answers on PORT
serve "$PORT_2" > seed.log 2>&1 &
first=$!
until curl --silent --fail --output answer.txt "http://127.0.0.1:$PORT_2/_matrix/client/versions"; do sleep 0.3; done
for user in alice:lab-Password-1 bob:lab-Password-2; do
  venv/bin/register_new_matrix_user -k lab-registration-secret -u "${user%%:*}" -p "${user#*:}" --no-admin "http://127.0.0.1:$PORT_2" > answer.txt
  token=$(curl --silent --fail "http://127.0.0.1:$PORT_2/_matrix/client/v3/login" --data "{\"type\": \"m.login.password\", \"identifier\": {\"type\": \"m.id.user\", \"user\": \"${user%%:*}\"}, \"password\": \"${user#*:}\"}" | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl --silent --fail --output answer.txt --request PUT --header "Authorization: Bearer $token" --data '{"note": "5be10c92aa"}' "http://127.0.0.1:$PORT_2/_matrix/client/v3/user/@${user%%:*}:lab.test/account_data/test.lab.note"
done
kill "$first"
wait "$first" || true
serve "$PORT"
