#!/usr/bin/env bash
# Rspamd: the HTTP API of its controller, with a password to read and a password to write. As its quick start has it, but without 127.0.0.1
# among the addresses that need no password, and without scanners that ask the network.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf conf data && cp -r "$DEBIAN_ROOT/etc/rspamd" conf && mkdir -p data conf/local.d conf/override.d
export CONFDIR=$WORK/conf LOCAL_CONFDIR=$WORK/conf DBDIR=$WORK/data RUNDIR=$WORK/data LOGDIR=$WORK/data SHAREDIR=$DEBIAN_ROOT/usr/share/rspamd
export LD_LIBRARY_PATH=$DEBIAN_ROOT/usr/lib/rspamd:$LD_LIBRARY_PATH
paths=(--var=CONFDIR="$CONFDIR" --var=LOCAL_CONFDIR="$CONFDIR" --var=DBDIR="$DBDIR" --var=RUNDIR="$DBDIR" --var=LOGDIR="$DBDIR" --var=SHAREDIR="$SHAREDIR"
  --var=WWWDIR="$SHAREDIR/www" --var=RULESDIR="$SHAREDIR/rules" --var=LUALIBDIR="$SHAREDIR/lualib" --var=PLUGINSDIR="$SHAREDIR/plugins")
export WWWDIR=$SHAREDIR/www RULESDIR=$SHAREDIR/rules LUALIBDIR=$SHAREDIR/lualib PLUGINSDIR=$SHAREDIR/plugins
hash() { rspamadm "${paths[@]}" pw -e -p "$1"; }
cat > conf/override.d/worker-controller.inc <<CONF
bind_socket = "127.0.0.1:$PORT";
secure_ip = "::1";
password = "$(hash "${LAB_PASSWORD_2:-lab-reader-Password-1}")";
enable_password = "$(hash "${LAB_PASSWORD:-lab-owner-Password-1}")";
CONF
echo 'enabled = false; count = 0;' > conf/override.d/worker-normal.inc
echo 'enabled = false; count = 0;' > conf/override.d/worker-proxy.inc
echo 'enabled = false;' | tee conf/override.d/{surbl,rbl,asn,fuzzy_check,phishing,dmarc,spf,dkim,arc,mx_check}.conf > /dev/null
sed -i 's/^filters = .*/filters = "chartable,regexp";/; s/^\(tempdir\|rrd\|stats_file\).*//' conf/options.inc
exec rspamd -f -c conf/rspamd.conf "${paths[@]}" -i --user=root --group=root
