#!/bin/sh
# How truly `authbench compare` judges: ROUNDS times two runs of one build, and a run whose protected answers are held up by
# DOSE on purpose. Prints how many of the equal pairs it called a regression, and how many of the slowed runs it found.
#
#   benches/compare_truth.sh target/release/authbench [ROUNDS] [DOSE]
set -eu
authbench=$(realpath "${1:-target/release/authbench}")
rounds=${2:-20}
dose=${3:-20us}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

scenario() {
    printf 'authbench: 1\nname: What a credential costs\ntarget: { reference: { busy: %s } }\nscheme: api-key\n' "$1"
    printf 'overhead: { baseline: none, schemes: [none, api-key, bearer], duration: 700ms }\n'
}
scenario 0s > plain.yaml
scenario "$dose" > slowed.yaml

record() { "$authbench" run "$1.yaml" --only overhead --report jsonl="$2.jsonl" --quiet; }
# ends with 1 where there is a regression; every other end is no answer
regressed() {
    code=0
    "$authbench" compare "$1.jsonl" "$2.jsonl" > "$2.txt" 2>&1 || code=$?
    case $code in 0 | 5) return 1 ;; 1) return 0 ;; *) cat "$2.txt"; exit "$code" ;; esac
}

round=0 false=0 found=0
while [ "$round" -lt "$rounds" ]; do
    record plain before
    record plain after
    record slowed slowed
    if regressed before after; then false=$((false + 1)); cat after.txt; fi
    if regressed before slowed; then found=$((found + 1)); else cat slowed.txt; fi
    round=$((round + 1))
done
echo "$rounds pairs of one build: $false called a regression; slowed by $dose: $found of $rounds found"
