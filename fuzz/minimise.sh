#!/bin/sh
# Writes the inputs that a long run found into fuzz/corpus, as few and as small as reach the same code, below a limit for each target.
#   fuzz/minimise.sh [KIBIBYTES]
set -eu
cd "$(dirname "$0")/.."
program=$(fuzz/build.sh)
exec python3 fuzz/long.py "$program" 0 --minimise "${1:-60}"
