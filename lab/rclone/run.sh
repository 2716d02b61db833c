#!/usr/bin/env bash
# rclone: the remote control (rcd) on PORT, and a folder served over HTTP and WebDAV on PORT_2 by `rclone serve webdav`, both with an htpasswd file.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf files rclone.conf && mkdir -p files
echo '{"order":"c41f7a90d2"}' > files/order.json
entry() { printf '%s:%s\n' "$1" "$(openssl passwd -apr1 -salt labsalt1 "$2")"; }
{
  entry alice lab-Password-1
  entry bob lab-Password-2
  entry carl lab:Pass:word-3
  entry dora Pässwört-4-long
  entry eric "lab-Password-$(printf '5%.0s' {1..80})x"
} > passwords
export RCLONE_CONFIG=$WORK/rclone.conf
touch rclone.conf
rclone serve webdav files --addr "127.0.0.1:$PORT_2" --htpasswd passwords > webdav.log 2>&1 &
exec rclone rcd --rc-addr "127.0.0.1:$PORT" --rc-htpasswd passwords --rc-files "$WORK/files"
