#!/usr/bin/env bash
# CUPS 2.4: its configuration by Debian, with the web interface and the operations of administrators behind Basic. Its users are in files of the
# lab, which nss_wrapper and pam_wrapper show to it in place of those of the machine; alice is one of its administrators, bob is not.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
# CUPS gives its CGI programs to an unprivileged user, who may not read the cache folder of root
SITE=$WORK/site user=$(id -un) group=$(id -gn)
if [ "$user" = root ]; then SITE=/tmp/authbench-lab-cups user=nobody group=nogroup; fi
rm -rf "$SITE" && mkdir -p "$SITE"/{etc/ssl,spool/tmp,cache,state,log,pam,lib}
cp -r "$DEBIAN_ROOT"/usr/lib/cups "$SITE"/server
cp -r "$DEBIAN_ROOT"/usr/share/cups "$SITE"/share
libraries=$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu
cp -a "$libraries"/*.so* "$SITE"/lib
cat > "$SITE/passwd" <<P
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
$user:x:$(id -u "$user"):$(id -g "$user"):lab:/nonexistent:/bin/false
alice:x:20001:20001:alice:/nonexistent:/bin/false
bob:x:20002:20002:bob:/nonexistent:/bin/false
P
cat > "$SITE/group" <<P
root:x:0:
$group:x:$(id -g "$user"):
lpadmin:x:20001:alice
users:x:20002:bob
P
printf '%s\n' 'alice:lab-Password-1:cups' 'bob:lab-Password-2:cups' > "$SITE/passdb"
for kind in auth account; do echo "$kind required $libraries/pam_wrapper/pam_matrix.so passdb=$SITE/passdb"; done > "$SITE/pam/cups"
# as Debian has it, on a port of the lab, and without announcements to the network
sed -e "s/^Listen localhost:631/Listen 127.0.0.1:$PORT/" -e '/^Listen \//d' -e 's/^Browsing Yes/Browsing No/' "$DEBIAN_ROOT"/usr/share/cups/cupsd.conf.default > "$SITE"/etc/cupsd.conf
cat > "$SITE"/etc/cups-files.conf <<P
SystemGroup root lpadmin
User $user
Group $group
ServerRoot $SITE/etc
ServerBin $SITE/server
DataDir $SITE/share
DocumentRoot $SITE/share/doc-root
RequestRoot $SITE/spool
TempDir $SITE/spool/tmp
CacheDir $SITE/cache
StateDir $SITE/state
ServerKeychain $SITE/etc/ssl
AccessLog $SITE/log/access_log
ErrorLog $SITE/log/error_log
PageLog $SITE/log/page_log
P
printf '%s\n' '<Printer lab>' 'Info lab' 'DeviceURI file:///dev/null' 'State Idle' 'Accepting Yes' 'Shared No' '</Printer>' > "$SITE"/etc/printers.conf
export LD_LIBRARY_PATH=$SITE/lib LD_PRELOAD="libnss_wrapper.so libpam_wrapper.so"
export NSS_WRAPPER_PASSWD=$SITE/passwd NSS_WRAPPER_GROUP=$SITE/group PAM_WRAPPER=1 PAM_WRAPPER_SERVICE_DIR=$SITE/pam
exec "$DEBIAN_ROOT"/usr/sbin/cupsd -f -c "$SITE"/etc/cupsd.conf -s "$SITE"/etc/cups-files.conf
