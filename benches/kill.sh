#!/bin/sh
# Kills runs with SIGKILL at random moments, and looks at what each leaves: tests/it/killed.rs.
#   benches/kill.sh [MOMENTS]
set -eu
cd "$(dirname "$0")/.."
AUTHBENCH_KILLS=${1:-100} cargo test --locked --test it killed::a_hundred_killed_runs -- --ignored --nocapture
