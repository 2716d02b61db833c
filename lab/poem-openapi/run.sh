#!/usr/bin/env bash
# poem-openapi 5 with its security schemes (basic, api_key, bearer), as in its examples and documentation, and the session example of poem,
# with two users in memory.
. "$(dirname "$0")/../lib/start.sh"
nice cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
exec target/debug/lab-poem-openapi
