#!/usr/bin/env bash
# LemonLDAP::NG 2.16 as an OpenID Connect provider, with its demonstration users; clients stand in its configuration, as its manager writes it.
# On PORT_2 an API that asks it about tokens. Needs perl of the system.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
export PERL5LIB=$DEBIAN_ROOT/usr/share/perl5:$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu/perl5/5.36
rm -rf data && mkdir -p data/{conf,cache,sessions/lock,psessions/lock,notifications}
openssl genrsa -out issuer.key 2048 2> /dev/null
openssl rsa -in issuer.key -pubout -out issuer.pem 2> /dev/null
sed -e "s#/var/lib/lemonldap-ng#$WORK/data#; s#/usr/share/lemonldap-ng#$DEBIAN_ROOT/usr/share/lemonldap-ng#" "$DEBIAN_ROOT/etc/lemonldap-ng/lemonldap-ng.ini" > data/lemonldap-ng.ini
python3 "$HERE/configure.py" "$DEBIAN_ROOT/var/lib/lemonldap-ng/conf/lmConf-1.json" > data/conf/lmConf-1.json
export LLNG_DEFAULTCONFFILE=$WORK/data/lemonldap-ng.ini
cp "$HERE/app.psgi" .
python3 "$HERE/api.py" &
exec perl "$DEBIAN_ROOT/usr/bin/starman" --env deployment --host 127.0.0.1 --port "$PORT" --workers 4 app.psgi
