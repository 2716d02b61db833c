#!/usr/bin/env bash
# Apache HTTP Server with mod_auth_openidc as a resource server: JWTs that it verifies itself, and opaque tokens that it asks oidc-provider
# about, both on PORT_2.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
node_packages
# Apache refuses to serve as root, and an unprivileged user may not read the cache folder of root
user=$(id -un) group=$(id -gn) SITE=$WORK/site
if [ "$user" = root ]; then user=www-data group=www-data SITE=/tmp/authbench-lab-mod-auth-openidc; fi
rm -rf "$SITE" && mkdir -p "$SITE"/files/{jwt,opaque}/{orders,notes}
for part in jwt opaque; do
  echo '{"area":"orders","order":"c41f7a90d2"}' > "$SITE/files/$part/orders/order.json"
  echo '{"area":"notes","note":"a77be019c3"}' > "$SITE/files/$part/notes/note.json"
done
openssl genpkey -algorithm RSA -out issuer.key 2> /dev/null
openssl req -new -x509 -key issuer.key -days 7 -subj "/CN=lab issuer" -out "$SITE/issuer.pem" 2> /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj "/CN=127.0.0.1" -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.pem 2> /dev/null
cp "$HERE/issuer.mjs" .
export LIFETIME="${LIFETIME:-10}"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# mod_auth_openidc takes no introspection endpoint without TLS
ISSUER_PORT=$(free_port) ISSUER_TLS_PORT=$(free_port)
export ISSUER_PORT ISSUER_TLS_PORT
node issuer.mjs &
# mod_proxy asks no more for a minute where it was refused once
until (exec 3<> "/dev/tcp/127.0.0.1/$ISSUER_PORT") 2> /dev/null; do read -rt 0.1 <> <(:) || true; done
modules=$DEBIAN_ROOT/usr/lib/apache2/modules
location() {
  cat <<CONF
  <Location /$1>
    AuthType oauth20
    Require valid-user
  </Location>
  <Location /$1/notes>
    AuthType oauth20
    Require claim "scope~(^| )read( |$)"
  </Location>
CONF
}
cat > httpd.conf <<CONF
ServerRoot $WORK
ServerName 127.0.0.1
Listen 127.0.0.1:$PORT
Listen 127.0.0.1:$PORT_2
PidFile $WORK/httpd.pid
ErrorLog $WORK/error.log
User $user
Group $group
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule mime_module $modules/mod_mime.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
LoadModule auth_openidc_module $modules/mod_auth_openidc.so
TypesConfig /etc/mime.types
DocumentRoot $SITE/files
OIDCCryptoPassphrase lab-passphrase-0123456789
<VirtualHost 127.0.0.1:$PORT>
  OIDCOAuthVerifyCertFiles lab-1#$SITE/issuer.pem
$(location jwt)
</VirtualHost>
<VirtualHost 127.0.0.1:$PORT_2>
  OIDCOAuthIntrospectionEndpoint https://127.0.0.1:$ISSUER_TLS_PORT/token/introspection
  OIDCOAuthClientID lab-apache
  OIDCOAuthClientSecret lab-apache-Secret-0123456789abcdef
  OIDCOAuthSSLValidateServer Off
  OIDCOAuthRemoteUserClaim client_id
$(location opaque)
  ProxyPass /issuer http://127.0.0.1:$ISSUER_PORT
</VirtualHost>
CONF
exec "$DEBIAN_ROOT/usr/sbin/apache2" -f "$WORK/httpd.conf" -DFOREGROUND
