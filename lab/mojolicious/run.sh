#!/usr/bin/env bash
# Mojolicious: Basic of its cookbook, and the login manager with a signed session of its guide "Growing". Needs perl of the system.
. "$(dirname "$0")/../lib/start.sh"
command -v perl > /dev/null || { echo "lab: mojolicious needs perl (apt-get install perl)" >&2; exit 1; }
debian_packages
cp "$HERE/app.pl" .
export PERL5LIB=$DEBIAN_ROOT/usr/share/perl5
exec perl app.pl daemon --mode production --listen "http://127.0.0.1:$PORT"
