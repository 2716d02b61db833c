#!/usr/bin/env bash
# actix-web with actix-web-httpauth: the examples of its documentation.
. "$(dirname "$0")/../lib/start.sh"
cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
exec target/debug/lab-actix-httpauth
