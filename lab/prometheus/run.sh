#!/usr/bin/env bash
# Prometheus: its API behind Basic, with a file of the web configuration as its guide has it.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf data
cat > prometheus.yml <<CONF
global: { scrape_interval: 1h }
CONF
hash() { python3 -W ignore -c 'import crypt,sys; print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1024)))' "$1"; }
long=lab-Password-of-80-bytes-$(printf "%055d" 0)
cat > web.yml <<CONF
basic_auth_users:
  admin: "$(hash lab-Password-1)"
  colon: "$(hash lab:Password:2)"
  utf8: "$(hash lab-Pässwörd-3)"
  long: "$(hash "$long")"
CONF
exec "$DEBIAN_ROOT/usr/bin/prometheus" --config.file prometheus.yml --web.config.file web.yml --storage.tsdb.path "$WORK/data" \
  --web.listen-address "127.0.0.1:$PORT" --log.level error
