#!/usr/bin/env bash
# The registry of Docker (distribution): its htpasswd authentication, as its deployment guide has it.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf data && mkdir data
hash() { python3 -W ignore -c 'import crypt,sys; print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=256)))' "$1"; }
long=lab-Password-of-80-bytes-$(printf "%055d" 0)
cat > htpasswd <<CONF
alice:$(hash lab-Password-1)
bob:$(hash lab-Password-2)
colon:$(hash lab:Password:2)
utf8:$(hash lab-Pässwörd-3)
long:$(hash "$long")
CONF
cat > config.yml <<CONF
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $WORK/data } }
http: { addr: "127.0.0.1:$PORT" }
auth: { htpasswd: { realm: lab realm, path: $WORK/htpasswd } }
CONF
exec "$DEBIAN_ROOT/usr/bin/docker-registry" serve config.yml
