//! Runs one target under libFuzzer. `fuzz/long.sh` builds and drives it.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

use std::alloc::System;
use std::sync::OnceLock;

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use targets::{TARGETS, Target};

/// Bytes that the process may hold at a time; no input may take more.
const MOST_MEMORY: usize = 256 << 20;
/// Seconds of CPU that an input may take.
const MOST_TIME: f64 = 1.0;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MOST_MEMORY);

static TARGET: OnceLock<&Target> = OnceLock::new();

/// Chooses the target that `FUZZ_TARGET` names; without it, lists all and ends.
fn choose() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => drop(TARGET.set(target)),
        None => {
            let all: Vec<serde_json::Value> = TARGETS
                .iter()
                .map(|target| {
                    let Target { name, longest, seeds, words, .. } = target;
                    serde_json::json!({ "name": name, "longest": longest, "seeds": seeds, "words": words })
                })
                .collect();
            println!("{}", serde_json::Value::from(all));
            std::process::exit(0);
        }
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fuzz_target!(init: choose(), |data: &[u8]| {
    let Some(target) = TARGET.get() else { return };
    let before = cpu_seconds();
    (target.run)(data);
    let took = cpu_seconds() - before;
    assert!(took < MOST_TIME, "hang: {took:.1} s of CPU for {} bytes", data.len());
});
