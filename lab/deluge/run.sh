#!/usr/bin/env bash
# The web interface of the BitTorrent client Deluge: JSON-RPC behind a session. No torrent engine is started.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf conf && mkdir conf
cat > conf/web.conf <<CONF
{ "file": 2, "format": 1 }{ "session_timeout": ${LIFETIME:-10}, "first_login": false }
CONF
exec venv/bin/deluge-web --do-not-daemonize --config conf --interface 127.0.0.1 --port "$PORT" --loglevel warning
