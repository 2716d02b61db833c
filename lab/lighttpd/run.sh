#!/usr/bin/env bash
# lighttpd: files behind mod_auth, with Basic and with Digest.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf site && mkdir -p site/basic site/digest
echo '{"area":"basic","order":"c41f7a90d2"}' > site/basic/order.json
echo '{"area":"digest","order":"a77be019c3"}' > site/digest/order.json
printf 'alice:%s\n' "$(openssl passwd -apr1 -salt labsalt1 lab-Password-1)" > passwords
printf 'alice:lab realm:%s\n' "$(printf 'alice:lab realm:lab-Password-1' | md5sum | cut -d' ' -f1)" > digests
cat > lighttpd.conf <<CONF
server.port = $PORT
server.bind = "127.0.0.1"
server.document-root = "$WORK/site"
server.errorlog = "$WORK/error.log"
server.modules = ("mod_auth", "mod_authn_file", "mod_staticfile")
mimetype.assign = (".json" => "application/json")
\$HTTP["url"] =~ "^/basic" {
  auth.backend = "htpasswd"
  auth.backend.htpasswd.userfile = "$WORK/passwords"
  auth.require = ("" => ("method" => "basic", "realm" => "lab realm", "require" => "valid-user"))
}
\$HTTP["url"] =~ "^/digest" {
  auth.backend = "htdigest"
  auth.backend.htdigest.userfile = "$WORK/digests"
  auth.require = ("" => ("method" => "digest", "realm" => "lab realm", "require" => "valid-user", "algorithm" => "MD5"))
}
CONF
exec "$DEBIAN_ROOT/usr/sbin/lighttpd" -D -f "$WORK/lighttpd.conf" -m "$DEBIAN_ROOT/usr/lib/lighttpd"
