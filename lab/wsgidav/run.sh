#!/usr/bin/env bash
# WsgiDAV: a WebDAV share behind Digest, as its sample configuration has it.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf share && mkdir share
echo '{"area":"share","order":"c41f7a90d2"}' > share/order.json
cat > wsgidav.yaml <<CONF
host: 127.0.0.1
port: $PORT
provider_mapping: { "/": "$WORK/share" }
http_authenticator: { accept_basic: false, accept_digest: true, default_to_digest: true }
simple_dc: { user_mapping: { "*": { alice: { password: lab-Password-1 } } } }
logging: { enable: false }
CONF
exec venv/bin/wsgidav --config wsgidav.yaml
