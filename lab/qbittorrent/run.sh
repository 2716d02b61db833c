#!/usr/bin/env bash
# qBittorrent without a desktop: the API of its web interface behind a session cookie. It speaks to no other peers.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf profile && mkdir -p profile/qBittorrent/config profile/home
# with a login for local clients too, and without the ban of an address after five wrong passwords
cat > profile/qBittorrent/config/qBittorrent.conf <<CONF
[LegalNotice]
Accepted=true

[BitTorrent]
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\Port=0

[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=true
WebUI\\SessionTimeout=${LIFETIME:-3600}
WebUI\\UseUPnP=false
WebUI\\MaxAuthenticationFailCount=${LAB_BAN:-1000}
CONF
export HOME=$WORK/profile/home QT_LOGGING_RULES='*=false'
exec qbittorrent-nox --profile="$WORK/profile" --webui-port="$PORT"
