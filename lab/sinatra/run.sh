#!/usr/bin/env bash
# Sinatra on Puma: Rack::Auth::Basic and the helper of the FAQ for Basic, and a login with the sessions of Sinatra.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
ruby_paths
cp "$HERE/app.rb" "$HERE/config.ru" .
export RACK_ENV=production SESSION_SECRET=lab-signing-key-0123456789-0123456789-0123456789-0123456789-0123456789
exec "$DEBIAN_ROOT/usr/bin/ruby3.1" "$DEBIAN_ROOT/usr/bin/puma" --bind "tcp://127.0.0.1:$PORT" config.ru
