#!/usr/bin/env bash
# MediaWiki 1.39 on SQLite in the web server of PHP: a private wiki with an administrator and a user.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
modules=$(echo "$DEBIAN_ROOT"/usr/lib/php/20*)
extensions=(); for name in mbstring dom xml xmlreader xmlwriter simplexml intl pdo pdo_sqlite sqlite3 iconv fileinfo ctype tokenizer calendar; do extensions+=(-d "extension=$name"); done
php() { "$DEBIAN_ROOT/usr/bin/php8.2" -n -c "$DEBIAN_ROOT/usr/lib/php/8.2/php.ini-production.cli" -d "extension_dir=$modules" "${extensions[@]}" -d memory_limit=256M "$@"; }
rm -rf site data sessions && mkdir data sessions && cp -r root/usr/share/mediawiki site
cd site; rm -f LocalSettings.php config extensions images; ln -s extensions-core extensions; mkdir images config cache; cd ..
php site/maintenance/install.php --dbtype sqlite --dbpath "$WORK/data" --dbname lab --server "http://127.0.0.1:$PORT" --scriptpath "" --pass lab-Password-alice-1 Lab Alice > install.log 2>&1
php site/maintenance/createAndPromote.php Bob lab-Password-bob-1 >> install.log 2>&1
cat >> site/LocalSettings.php <<'SETTINGS'
$wgGroupPermissions['*']['read'] = false;
$wgGroupPermissions['*']['edit'] = false;
$wgGroupPermissions['*']['createaccount'] = false;
$wgWhitelistRead = [ 'Main Page' ];
SETTINGS
cd site
export PHP_CLI_SERVER_WORKERS=4
exec "$DEBIAN_ROOT/usr/bin/php8.2" -n -c "$DEBIAN_ROOT/usr/lib/php/8.2/php.ini-production.cli" -d "extension_dir=$modules" "${extensions[@]}" -d memory_limit=256M -d "session.save_path=$WORK/sessions" -S "127.0.0.1:$PORT" -t .
