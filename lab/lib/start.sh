# Shared by every run.sh; sourced, not run. Sets HERE (folder of the application in the repository) and WORK (its folder below
# LAB_HOME), and moves to WORK.
set -euo pipefail
: "${LAB_HOME:?set LAB_HOME to a folder that the lab may fill}" "${PORT:?set PORT to a free port}"
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
WORK=$LAB_HOME/$(basename "$HERE")
mkdir -p "$WORK"
cd "$WORK"

# Creates the virtual environment of the application, anew where its requirements have changed.
python_packages() {
  cmp -s "$HERE/requirements.txt" requirements.txt && return
  python3 -m venv venv
  venv/bin/pip install --quiet --disable-pip-version-check -r "$HERE/requirements.txt" >&2
  cp "$HERE/requirements.txt" requirements.txt
}

# Installs the locked node modules of the application, anew where the lock has changed.
node_packages() {
  cmp -s "$HERE/package-lock.json" installed-lock.json && return
  cp "$HERE/package.json" "$HERE/package-lock.json" .
  npm ci --silent --no-audit --no-fund --ignore-scripts >&2
  cp package-lock.json installed-lock.json
}
