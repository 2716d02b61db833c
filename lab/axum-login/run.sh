#!/usr/bin/env bash
# axum-login with tower-sessions: its own examples sqlite and permissions, with users in memory.
. "$(dirname "$0")/../lib/start.sh"
nice cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
exec target/debug/lab-axum-login
