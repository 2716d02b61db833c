#!/usr/bin/env bash
# Syncthing: its REST interface behind an API key, and behind Basic with one user, as its documentation has it. Announces itself nowhere.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf home && mkdir -p home
hash() { python3 -W ignore -c 'import crypt,sys; print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1024)))' "$1"; }
cat > home/config.xml <<CONF
<configuration version="36">
  <gui enabled="true" tls="false" debugging="false">
    <address>127.0.0.1:$PORT</address>
    <user>alice</user>
    <password>$(hash lab-Password-1)</password>
    <apikey>${LAB_KEY:-labKeyC41f7a90d2A77bE019c3xQ}</apikey>
    <theme>default</theme>
  </gui>
  <options>
    <listenAddress>tcp://127.0.0.1:$PORT_2</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled>
    <natEnabled>false</natEnabled>
    <startBrowser>false</startBrowser>
    <urAccepted>-1</urAccepted>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <crashReportingEnabled>false</crashReportingEnabled>
  </options>
</configuration>
CONF
exec "$DEBIAN_ROOT/usr/bin/syncthing" serve --home "$WORK/home" --no-browser --no-restart --no-upgrade --no-default-folder
