#!/usr/bin/env bash
# Dancer2: a login with its sessions and Dancer2::Plugin::Passphrase, and tokens of Crypt::JWT in a hook. Needs perl of the system.
. "$(dirname "$0")/../lib/start.sh"
command -v perl > /dev/null || { echo "lab: dancer2 needs perl (apt-get install perl)" >&2; exit 1; }
debian_packages
cp "$HERE/app.pl" .
export PERL5LIB=$DEBIAN_ROOT/usr/share/perl5:$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu/perl5/5.36 DANCER_ENVIRONMENT=production
exec perl "$DEBIAN_ROOT/usr/bin/plackup" --env deployment --host 127.0.0.1 --port "$PORT" app.pl
