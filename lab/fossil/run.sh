#!/usr/bin/env bash
# Fossil: a repository with two users, its web server, and the JSON API.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
rm -rf lab.fossil home && mkdir home
export HOME=$WORK/home FOSSIL_HOME=$WORK/home USER=admin
fossil() { "$DEBIAN_ROOT/usr/bin/fossil" "$@" > command.log 2>&1 || { cat command.log; exit 1; }; }
fossil init --admin-user admin lab.fossil
# the name of the cookie is made of the project code
fossil sql -R lab.fossil "UPDATE config SET value = 'c41f7a90d2a77be019c35be10c92aac41f7a90d2' WHERE name = 'project-code'"
fossil user password admin lab-Password-0 -R lab.fossil
fossil user new alice "alice@example.com" lab-Password-1 -R lab.fossil
# alice reads, writes pages of the wiki and changes her password; bob reads
fossil user capabilities alice ceijofkp -R lab.fossil
fossil user new bob "bob@example.com" lab-Password-2 -R lab.fossil
fossil user capabilities bob ceijo -R lab.fossil
echo "order a77be019c3" > lab.wiki
fossil wiki create lab lab.wiki -R lab.fossil
# nobody reads without a login
fossil user capabilities nobody "" -R lab.fossil
fossil user capabilities anonymous "" -R lab.fossil
exec "$DEBIAN_ROOT/usr/bin/fossil" server lab.fossil --localhost --port "$PORT"
