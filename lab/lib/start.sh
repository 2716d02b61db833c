# Shared by every run.sh; sourced, not run. Sets HERE (folder of the application in the repository) and WORK (its folder below
# AUTHBENCH_LAB), and moves to WORK.
set -euo pipefail
: "${AUTHBENCH_LAB:?set AUTHBENCH_LAB to a folder that the lab may fill}" "${PORT:?set PORT to a free port}"
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
WORK=$AUTHBENCH_LAB/$(basename "$HERE")
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

# Unpacks the Debian packages that debian.txt names, with those that they need and that are not on this machine, below root/.
# Installs nothing on the system. Of a version that the archive no longer has, the present one is taken, with a note.
debian_packages() {
  export DEBIAN_ROOT=$WORK/root
  export LD_LIBRARY_PATH=$DEBIAN_ROOT/usr/lib/$(uname -m)-linux-gnu:$DEBIAN_ROOT/lib/$(uname -m)-linux-gnu PATH=$DEBIAN_ROOT/usr/sbin:$DEBIAN_ROOT/usr/bin:$PATH
  cmp -s "$HERE/debian.txt" installed-debian.txt && return
  rm -rf root packages && mkdir root packages
  local wanted=() name version
  while read -r name version; do
    if apt-cache show "$name=$version" > found.txt 2> /dev/null && [ -s found.txt ]; then
      wanted+=("$name=$version")
    else
      echo "lab: $name $version is no longer in the archive; the present version is taken" >&2
      wanted+=("$name")
    fi
  done < "$HERE/debian.txt"
  apt-get -s --no-install-recommends install "${wanted[@]}" > plan.txt
  # what is installed already is not planned, and is unpacked all the same
  (cd packages && apt-get download -qq -o APT::Sandbox::User=root $(awk '/^Inst/{print $2}' ../plan.txt) "${wanted[@]}")
  for package in packages/*.deb; do dpkg -x "$package" root; done
  cp "$HERE/debian.txt" installed-debian.txt
}

# Lets the Ruby of debian_packages find what was unpacked beside it.
ruby_paths() {
  local of=$DEBIAN_ROOT/usr machine
  machine=$(uname -m)-linux-gnu
  export RUBYLIB=$of/lib/ruby/vendor_ruby:$of/lib/$machine/ruby/vendor_ruby/3.1.0:$of/lib/ruby/vendor_ruby/3.1.0:$of/lib/ruby/3.1.0:$of/lib/$machine/ruby/3.1.0
  export GEM_PATH=$of/share/rubygems-integration/all:$of/share/rubygems-integration/3.1.0:$of/lib/$machine/rubygems-integration/3.1.0
}
