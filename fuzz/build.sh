#!/bin/sh
# Builds the fuzzer with the counters that guide it, and prints the path of the program.
set -eu
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# with a named target, build scripts and macros are built without the counters
RUSTFLAGS="$flags" cargo build --manifest-path fuzz/Cargo.toml --release --locked --target "$host" >&2
echo "${CARGO_TARGET_DIR:-fuzz/target}/$host/release/authbench-fuzz"
