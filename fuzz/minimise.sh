#!/bin/sh
# Writes a small part of the inputs that a long run found into fuzz/corpus: each reaches what no shorter one does, below a limit of bytes
# for each target. Inputs of the tree that have a name of words stay.
#   fuzz/minimise.sh [KIBIBYTES]
set -eu
cd "$(dirname "$0")/.."
program=$(fuzz/build.sh)
exec python3 fuzz/long.py "$program" 0 --minimise "${1:-60}"
