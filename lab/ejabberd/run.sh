#!/usr/bin/env bash
# ejabberd: its HTTP API (mod_http_api), with Basic and with bearer tokens of its own OAuth 2.0 token endpoint, after its documentation.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
erlang=$DEBIAN_ROOT/usr/lib/erlang
mkdir -p bin
sed "s|^\( *\)ROOTDIR=.*|\1ROOTDIR=$erlang|" "$erlang/bin/erl" > bin/erl && chmod +x bin/erl
rm -rf data && mkdir -p data/mnesia data/log
cat > data/ejabberd.yml <<CONF
hosts: [localhost]
loglevel: warning
auth_password_format: scram
oauth_access: all
oauth_expire: ${LIFETIME:-20}
oauth_client_id_check: db
listen:
  - port: $PORT
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /api: mod_http_api
      /oauth: ejabberd_oauth
      /admin: ejabberd_web_admin
acl:
  admin: { user: [ "admin@localhost" ] }
  local: { user_regexp: "" }
access_rules:
  local: { allow: local }
  configure: { allow: admin }
api_permissions:
  # how the account is made below
  "console commands":
    from: [ ejabberd_ctl ]
    who: all
    what: "*"
  "admin access":
    who:
      access: { allow: { acl: admin } }
      oauth:
        scope: "ejabberd:admin"
        access: { allow: { acl: admin } }
    what: [ "*", "!stop", "!start" ]
  "user access":
    who:
      access: { allow: { acl: local } }
      oauth:
        scope: "sasl_auth"
        access: { allow: { acl: local } }
    what: [ "status", "get_roster", "user_resources" ]
modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_http_api: {}
  mod_last: {}
  mod_private: {}
  mod_roster: {}
  mod_vcard: { search: false }
CONF
export HOME=$WORK/data ERL_LIBS=$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu EJABBERD_CONFIG_PATH=$WORK/data/ejabberd.yml EJABBERD_LOG_PATH=$WORK/data/log/ejabberd.log LANG=C.UTF-8
exec bin/erl -noinput -mnesia dir "\"$WORK/data/mnesia\"" -s ejabberd -eval '
  Wait = fun Again() -> case catch ejabberd_auth:user_exists(<<"nobody">>, <<"localhost">>) of false -> ok; _ -> timer:sleep(200), Again() end end,
  Wait(),
  [ejabberd_auth:try_register(User, <<"localhost">>, Password) || {User, Password} <- [
    {<<"admin">>, <<"lab-admin-Password-1">>}, {<<"bob">>, <<"lab-bob-Password-1">>},
    {<<"colon">>, <<"lab:Password:3">>}, {<<"utf8">>, <<"lab-Pässwörd-4"/utf8>>}]],
  ejabberd_oauth:oauth_add_client_password(<<"lab-web">>, <<"Lab">>, <<"lab-web-Secret-1">>).'
