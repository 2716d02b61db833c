#!/usr/bin/env bash
# DokuWiki 2022-07-31 as Debian sets it up behind Apache with mod_php: a closed wiki with an administrator, a user and an editor of one page;
# the remote API is switched on for all users.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
# Apache refuses to serve as root, and an unprivileged user may not read the cache folder of root
user=$(id -un) group=$(id -gn) SITE=$WORK/site
if [ "$user" = root ]; then user=www-data group=www-data SITE=/tmp/authbench-lab-dokuwiki; fi
modules=$DEBIAN_ROOT/usr/lib/apache2/modules
rm -rf "$SITE" && mkdir -p "$SITE/var" "$SITE/sessions" && cp -r root/usr/share/dokuwiki "$SITE/wiki"
cp -r root/var/lib/dokuwiki/lib root/var/lib/dokuwiki/data "$SITE/var/" && cp -r root/etc/dokuwiki "$SITE/conf" && cp -r root/usr/share/php root/usr/share/php-geshi root/usr/share/javascript "$SITE/" && cp -rL root/usr/lib/php/20220829 "$SITE/extensions"
rm "$SITE"/wiki/.htaccess "$SITE"/wiki/lib/plugins "$SITE"/wiki/lib/tpl
cp "$SITE"/wiki/.htaccess.dist "$SITE"/conf/htaccess
ln -s "$SITE"/conf/htaccess "$SITE"/wiki/.htaccess
ln -s "$SITE"/var/lib/plugins "$SITE"/wiki/lib/plugins; ln -s "$SITE"/var/lib/tpl "$SITE"/wiki/lib/tpl; ln -s "$SITE"/wiki/inc "$SITE"/var/inc
# the addresses of Debian, moved below the folder of the lab
grep -rlE --include=*.php --exclude-dir=lang "['\"]/(etc/dokuwiki|var/lib/dokuwiki|usr/share/(php|php-geshi|javascript))" "$SITE/wiki" "$SITE/var/lib" "$SITE/conf" | xargs sed -i -E "s#(['\"])/etc/dokuwiki#\1$SITE/conf#g; s#(['\"])/var/lib/dokuwiki#\1$SITE/var#g; s#(['\"])/usr/share/(php-geshi|php|javascript)#\1$SITE/\2#g"
rm -f "$SITE"/conf/{local,acl.auth,users.auth}.php  # links to files that Debian makes
cat > "$SITE/conf/local.php" <<'CONF'
<?php
$conf['title'] = 'Lab';
$conf['license'] = 'cc-by-sa';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['remote'] = 1;
$conf['remoteuser'] = '';
$conf['securecookie'] = 0;  // the name of the cookie has the port in it else; over http it has no other effect
CONF
cat > "$SITE/conf/acl.auth.php" <<'CONF'
# acl.auth.php
# <?php exit()?>
*               @ALL          0
*               @user         8
public:*        @ALL          1
private:*       @user         0
private:*       carol         8
CONF
hash() { "$DEBIAN_ROOT/usr/bin/php8.2" -n -r 'echo password_hash($argv[1], PASSWORD_BCRYPT);' "$1"; }
{
  echo "alice:$(hash lab-Password-1):Alice:alice@example.test:admin,user"
  echo "bob:$(hash lab-Password-2):Bob:bob@example.test:user"
  echo "carol:$(hash lab-Password-3):Carol:carol@example.test:user"
} > "$SITE/conf/users.auth.php"
mkdir -p "$SITE"/var/data/pages/public "$SITE"/var/data/pages/private
echo 'order c41f7a90d2' > "$SITE"/var/data/pages/start.txt
echo 'open to all' > "$SITE"/var/data/pages/public/start.txt
echo 'order a77be019c3' > "$SITE"/var/data/pages/private/start.txt
cat > "$SITE"/httpd.conf <<CONF
ServerRoot $SITE
ServerName 127.0.0.1
Listen 127.0.0.1:$PORT
PidFile $SITE/httpd.pid
ErrorLog $WORK/error.log
User $user
Group $group
DocumentRoot $SITE/wiki
$(for name in mpm_prefork authn_core authz_core authz_host access_compat alias dir env mime negotiation rewrite setenvif reqtimeout; do echo "LoadModule ${name}_module $modules/mod_$name.so"; done)
LoadModule php_module $modules/libphp8.2.so
ServerTokens OS
ServerSignature On
TraceEnable Off
TypesConfig /etc/mime.types
DirectoryIndex index.html index.php
PHPINIDir $SITE/php.ini
<FilesMatch ".+\.ph(?:ar|p|tml)\$">
  SetHandler application/x-httpd-php
</FilesMatch>
<Directory $SITE/wiki>
  Options +FollowSymLinks
  AllowOverride All
  Require all granted
</Directory>
<Directory $SITE/wiki/bin>
  Require all denied
</Directory>
<Directory $SITE/var/data>
  Require all denied
</Directory>
CONF
{
  cat root/usr/lib/php/8.2/php.ini-production
  echo "extension_dir=$SITE/extensions"
  echo "session.save_path=$SITE/sessions"
  for name in ctype curl dom fileinfo iconv intl mbstring simplexml tokenizer xml xmlreader xmlwriter; do echo "extension=$name"; done
} > "$SITE/php.ini"
chown -R "$user:$group" "$SITE"
exec "$DEBIAN_ROOT/usr/sbin/apache2" -f "$SITE/httpd.conf" -DFOREGROUND
