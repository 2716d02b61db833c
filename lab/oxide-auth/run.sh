#!/usr/bin/env bash
# oxide-auth 0.6 with its frontend for axum, as its examples have it: code, refresh and client credentials, and resources that need a bearer token.
. "$(dirname "$0")/../lib/start.sh"
cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
exec target/debug/lab-oxide-auth
