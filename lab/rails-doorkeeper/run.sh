#!/usr/bin/env bash
# Rails with Doorkeeper on Puma: tokens of OAuth 2.0 in SQLite, and controllers with authenticate_with_http_token and http_basic_authenticate_with.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
ruby_paths
rm -f lab.sqlite3 rails.log
cp "$HERE/app.rb" "$HERE/config.ru" .
export RAILS_ENV=production RACK_ENV=production SECRET_KEY_BASE=lab-signing-key-0123456789-0123456789-0123456789-0123456789-0123456789
exec "$DEBIAN_ROOT/usr/bin/ruby3.1" "$DEBIAN_ROOT/usr/bin/puma" --bind "tcp://127.0.0.1:$PORT" config.ru
