#!/bin/sh
# Fuzzes all targets for a number of minutes, guided by coverage, and goes on where the last run stopped.
#   fuzz/long.sh MINUTES [--jobs N] [--slice SECONDS] [TARGET...]
# What it keeps is outside of this tree, in $AUTHBENCH_FUZZ_STATE (default ~/.local/state/authbench-fuzz): the state, the log, the
# corpus that grows, and the inputs that failed. It ends with 1 where an input failed. fuzz/minimise.sh brings new inputs here.
#
# The build needs a C++ compiler and no nightly toolchain. To run beside other work: chrt -i 0 nice -n 19 fuzz/long.sh 120
set -eu
cd "$(dirname "$0")/.."
program=$(fuzz/build.sh)
exec python3 fuzz/long.py "$program" "$@"
