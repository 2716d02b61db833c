#!/usr/bin/env bash
# dnsdist: its web server as its guide sets it up, with hashed password and API key, and with an API that may write (setAPIWritable).
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf written && mkdir written
cat > dnsdist.conf <<CONF
setLocal("127.0.0.1:$PORT_2")
webserver("127.0.0.1:$PORT")
setWebserverConfig({password=hashPassword("${LAB_PASSWORD:-lab-Password-1}"), apiKey=hashPassword("${LAB_KEY:-labKeyC41f7a90d2A77bE019c3xQ}")})
setAPIWritable(true, "$WORK/written")
setSecurityPollSuffix("")
CONF
exec "$DEBIAN_ROOT/usr/bin/dnsdist" --supervised --disable-syslog --config "$WORK/dnsdist.conf"
