#!/usr/bin/env bash
# OctoPrint 1.11: its API with the keys of two users, and with the session of its login.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf base && mkdir base
cat > base/config.yaml <<CONF
server:
  firstRun: false
  onlineCheck: { enabled: false }
  pluginBlacklist: { enabled: false }
  seenWizards: { corewizard: 4, classicwebcam: 1, backup: null, tracking: null }
accessControl: { salt: labsaltlabsaltlabsaltlabsaltlabs }
plugins:
  _disabled: [softwareupdate, announcements, tracking, pluginmanager, discovery, health_check]
CONF
octo() { venv/bin/octoprint --basedir "$WORK/base" "$@"; }
octo user add alice --password lab-Password-1 --admin > /dev/null 2>&1
octo user add bob --password lab-Password-2 --group users --group readonly > /dev/null 2>&1
python3 - <<'P'
users = open("base/users.yaml").read().split("bob:")
users[0] = users[0].replace("apikey: null", "apikey: A1B2C3D4E5F60718293A4B5C6D7E8F90")
users[1] = users[1].replace("apikey: null", "apikey: 0F1E2D3C4B5A69788796A5B4C3D2E1F0")
open("base/users.yaml", "w").write("bob:".join(users))
P
exec venv/bin/octoprint --basedir "$WORK/base" serve --host 127.0.0.1 --port "$PORT" --iknowwhatimdoing
