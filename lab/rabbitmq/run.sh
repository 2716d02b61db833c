#!/usr/bin/env bash
# RabbitMQ: the HTTP API of its management plugin, with Basic, and with bearer tokens of an issuer by its OAuth 2.0 plugin.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
erlang=$DEBIAN_ROOT/usr/lib/erlang
sed "s|^\( *\)ROOTDIR=.*|\1ROOTDIR=$erlang|" "$erlang/bin/erl" > erl-there && chmod +x erl-there
mkdir -p bin && mv erl-there bin/erl
rm -rf data && mkdir -p data/log
# the port mapper of Erlang, for this node alone; it ends with its group of processes
ports=$(python3 -c 'import socket; a = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]; print(*(s.getsockname()[1] for s in a))')
read -r ERL_EPMD_PORT amqp <<< "$ports"
export ERL_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1 HOME=$WORK/data PATH=$WORK/bin:$PATH LANG=C.UTF-8
"$erlang/erts-13.1.5/bin/epmd" -port "$ERL_EPMD_PORT" < /dev/null > /dev/null &
until (exec 3<> "/dev/tcp/127.0.0.1/$ERL_EPMD_PORT") 2> /dev/null; do sleep 0.1; done
cat > data/definitions.json <<JSON
{
  "users": [
    { "name": "guest", "password": "${LAB_PASSWORD:-guest}", "tags": ["administrator"] },
    { "name": "viewer", "password": "${LAB_PASSWORD_2:-lab-viewer-Password-1}", "tags": ["monitoring"] },
    { "name": "colon", "password": "lab:Password:3", "tags": ["administrator"] },
    { "name": "utf8", "password": "lab-Pässwörd-4", "tags": ["administrator"] },
    { "name": "long", "password": "lab-Password-5-$(printf 'x%.0s' {1..80})", "tags": ["administrator"] }
  ],
  "vhosts": [{ "name": "/" }, { "name": "c41f7a90d2" }],
  "permissions": [
    { "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "viewer", "vhost": "/", "configure": "^\$", "write": "^\$", "read": ".*" }
  ]
}
JSON
cat > data/rabbitmq.conf <<CONF
listeners.tcp.local = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $PORT
management.load_definitions = $WORK/data/definitions.json
auth_backends.1 = internal
auth_backends.2 = rabbit_auth_backend_oauth2
CONF
[ -f signing.pem ] || openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out signing.pem
openssl pkey -in signing.pem -pubout -out signing.pub.pem
cat > data/advanced.config <<CONF
[{rabbitmq_auth_backend_oauth2, [
  {resource_server_id, <<"rabbitmq">>},
  {key_config, [
    {default_key, <<"lab-key">>},
    {signing_keys, #{<<"lab-key">> => {pem_file, <<"$WORK/signing.pub.pem">>}}}]}]}].
CONF
echo '[rabbitmq_management,rabbitmq_auth_backend_oauth2].' > data/enabled_plugins
export RABBITMQ_MNESIA_BASE=$WORK/data/mnesia RABBITMQ_LOG_BASE=$WORK/data/log RABBITMQ_LOGS=- RABBITMQ_ENABLED_PLUGINS_FILE=$WORK/data/enabled_plugins
export RABBITMQ_CONFIG_FILE=$WORK/data/rabbitmq.conf RABBITMQ_ADVANCED_CONFIG_FILE=$WORK/data/advanced.config RABBITMQ_CONF_ENV_FILE=/dev/null
export RABBITMQ_DIST_PORT=$PORT_2 RABBITMQ_NODENAME=lab@localhost RABBITMQ_PID_FILE=$WORK/data/pid
exec "$DEBIAN_ROOT"/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server
