#!/usr/bin/env bash
# Apache HTTP Server: files behind mod_auth_basic and behind mod_auth_digest.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
# Apache refuses to serve as root, and an unprivileged user may not read the cache folder of root
user=$(id -un) group=$(id -gn) SITE=$WORK/site
if [ "$user" = root ]; then user=www-data group=www-data SITE=/tmp/authbench-lab-apache; fi
rm -rf "$SITE" && mkdir -p "$SITE"/files/basic "$SITE"/files/digest
echo '{"area":"basic","order":"c41f7a90d2"}' > "$SITE"/files/basic/order.json
echo '{"area":"digest","order":"a77be019c3"}' > "$SITE"/files/digest/order.json
# the password files, as htpasswd -B and htdigest write them
printf 'alice:%s\n' "$(openssl passwd -apr1 -salt labsalt1 lab-Password-1)" > "$SITE"/passwords
printf 'colon:%s\n' "$(openssl passwd -apr1 -salt labsalt2 lab:Password:2)" >> "$SITE"/passwords
printf 'alice:lab realm:%s\n' "$(printf 'alice:lab realm:lab-Password-1' | md5sum | cut -d' ' -f1)" > "$SITE"/digests
modules=$DEBIAN_ROOT/usr/lib/apache2/modules
cat > httpd.conf <<CONF
ServerRoot $WORK
ServerName 127.0.0.1
Listen 127.0.0.1:$PORT
PidFile $WORK/httpd.pid
ErrorLog $WORK/error.log
User $user
Group $group
DocumentRoot $SITE/files
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authn_file_module $modules/mod_authn_file.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule auth_basic_module $modules/mod_auth_basic.so
LoadModule auth_digest_module $modules/mod_auth_digest.so
LoadModule mime_module $modules/mod_mime.so
TypesConfig /etc/mime.types
<Location /basic>
  AuthType Basic
  AuthName "lab realm"
  AuthUserFile $SITE/passwords
  Require valid-user
</Location>
<Location /digest>
  AuthType Digest
  AuthName "lab realm"
  AuthUserFile $SITE/digests
  Require valid-user
</Location>
CONF
exec "$DEBIAN_ROOT/usr/sbin/apache2" -f "$WORK/httpd.conf" -DFOREGROUND
