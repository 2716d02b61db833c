#!/usr/bin/env bash
# axum with axum-extra and jsonwebtoken: its own example jwt.
. "$(dirname "$0")/../lib/start.sh"
cargo build --quiet --locked --manifest-path "$HERE/Cargo.toml" --target-dir target >&2
export JWT_SECRET=lab-signing-key-0123456789-0123456789-0123456789
exec target/debug/lab-axum-jwt
