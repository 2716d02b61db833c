#!/bin/sh
# Reports which lines of src/ the corpus reaches: that of this tree, and that of a long run.
#   fuzz/coverage.sh [FILE...]
# It needs the component llvm-tools of rustup. The corpus is run by the tests, built with -C instrument-coverage.
set -eu
cd "$(dirname "$0")/.."
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
if ! [ -x "$tools/llvm-cov" ]; then rustup component add llvm-tools; fi
state=${AUTHBENCH_FUZZ_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/authbench-fuzz}
folder=target/coverage
rm -rf "$folder/profiles"
export RUSTFLAGS="-C instrument-coverage" LLVM_PROFILE_FILE="$PWD/$folder/profiles/%p-%m.profraw"
built=$(cargo test --locked --target-dir "$folder" --test it --no-run --message-format json |
    python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("executable") and made["target"]["name"] == "it": print(made["executable"])')
AUTHBENCH_FUZZ_CORPUS="$state/corpus" "$built" fuzz:: >/dev/null
"$tools/llvm-profdata" merge -sparse "$folder"/profiles/*.profraw -o "$folder/merged.profdata"
"$tools/llvm-cov" report "$built" --instr-profile "$folder/merged.profdata" ${1:+"$@"} \
    --ignore-filename-regex '/(registry|rustc|tests|fuzz)/'
