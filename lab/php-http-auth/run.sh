#!/usr/bin/env bash
# PHP: HTTP authentication as its manual has it (Basic, Digest), and a login with its sessions and SQLite, in its own web server.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
modules=$(echo "$DEBIAN_ROOT"/usr/lib/php/20*)
php() { exec "$DEBIAN_ROOT/usr/bin/php8.2" -c "$DEBIAN_ROOT/usr/lib/php/8.2/php.ini-production.cli" -d "extension_dir=$modules" -d extension=pdo -d extension=pdo_sqlite -d "session.save_path=$WORK/sessions" "$@"; }
rm -rf sessions users.db && mkdir -p sessions
cp "$HERE/index.php" "$HERE/seed.php" .
(php seed.php)
php -S "127.0.0.1:$PORT" index.php
