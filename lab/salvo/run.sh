#!/usr/bin/env bash
# Salvo 1.1 with its middlewares for HTTP Basic, JSON Web Tokens, sessions and CSRF, as in its own examples, with two users in memory.
. "$(dirname "$0")/../lib/start.sh"
nice cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
export LIFETIME="${LIFETIME:-10}"
exec target/debug/lab-salvo
