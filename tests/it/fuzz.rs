//! The short run of the fuzz targets: their corpus, and inputs that are made of it by a fixed seed. The long run, which coverage
//! guides, is `fuzz/long.sh`. What it finds becomes a file of the corpus and is tried here from then on.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use targets::{TARGETS, Target};

/// Bytes of the whole corpus, at most.
const LARGEST_CORPUS: u64 = 1 << 20;

/// Files of a folder, in order; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("is readable").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

fn corpus(target: &Target) -> Vec<PathBuf> {
    files(&Path::new("fuzz/corpus").join(target.name))
}

/// The corpus of a long run, where `fuzz/coverage.sh` names one.
fn further(target: &Target) -> Vec<PathBuf> {
    let folder = std::env::var_os("AUTHBENCH_FUZZ_CORPUS").map(PathBuf::from);
    folder.map(|folder| files(&folder.join(target.name))).unwrap_or_default()
}

/// Inputs that a run starts from: the corpus, and what the repository has of the kind.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let seeds = target.seeds.iter().flat_map(|folder| files(Path::new(folder)));
    let all = corpus(target).into_iter().chain(seeds);
    all.map(|path| std::fs::read(&path).expect("is readable")).collect()
}

/// A number below a bound that is not 0.
fn below(rng: &mut StdRng, bound: usize) -> usize {
    rng.random_range(0..bound.max(1))
}

/// Changes an input in one place.
fn mutate(rng: &mut StdRng, input: &mut Vec<u8>, target: &Target, others: &[Vec<u8>]) {
    let at = below(rng, input.len() + 1);
    let end = (at + below(rng, 32)).min(input.len());
    match below(rng, 7) {
        0 => drop(input.drain(at..end)),
        1 => {
            let again = input[at..end].to_vec();
            drop(input.splice(at..at, again));
        }
        2 => {
            let word = target.words.choose(rng).map_or(&b""[..], |word| word.as_bytes());
            drop(input.splice(at..end.min(at + below(rng, 4)), word.iter().copied()));
        }
        3 => {
            let word = target.words.choose(rng).map_or(&b""[..], |word| word.as_bytes());
            drop(input.splice(at..at, word.iter().copied()));
        }
        4 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << below(rng, 8);
            }
        }
        5 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = *[0, 9, 10, 13, 32, 34, 58, 127, 128, 255].choose(rng).expect("has values");
            }
        }
        _ => {
            let other = others.choose(rng).map_or(&[][..], Vec::as_slice);
            let (from, to) = (below(rng, other.len() + 1), below(rng, other.len() + 1));
            let part = other[from.min(to)..from.max(to)].to_vec();
            input.truncate(at);
            input.extend(part);
        }
    }
    input.truncate(target.longest);
}

/// Tries an input; one that breaks a promise is kept, and named in the failure.
fn attempt(target: &Target, input: &[u8], from: &str) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", target.name));
        std::fs::write(&kept, input).expect("writes");
        panic!("{}: {from} breaks a promise; it is in {}", target.name, kept.display());
    }
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"))
}

/// Tries the corpus of a target and a number of inputs that are made of it.
fn short_run(name: &str, count: usize) {
    let target = target(name);
    for path in corpus(target).into_iter().chain(further(target)) {
        attempt(target, &std::fs::read(&path).expect("is readable"), &path.display().to_string());
    }
    let inputs = inputs(target);
    let mut rng = StdRng::seed_from_u64(0x5eed + name.len() as u64);
    for number in 0..count {
        let mut input = inputs.choose(&mut rng).cloned().unwrap_or_default();
        for _ in 0..=below(&mut rng, 4) {
            mutate(&mut rng, &mut input, target, &inputs);
        }
        attempt(target, &input, &format!("input {number}"));
    }
}

/// One test for each target, with the number of inputs that it tries.
macro_rules! short_runs {
    ($($test:ident: $name:literal, $count:literal;)*) => {
        const TRIED: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                short_run($name, $count);
            }
        )*
    };
}

short_runs! {
    scenario: "scenario", 400;
    http1: "http1", 3000;
    chunked: "chunked", 3000;
    http2: "http2", 1000;
    jose: "jose", 1000;
    challenge: "challenge", 4000;
    exchange: "exchange", 1000;
    openapi: "openapi", 300;
    record: "record", 200;
    recognition: "recognition", 500;
    server_timing: "server-timing", 4000;
    signature: "signature", 2000;
}

#[test]
fn every_target_is_tried_and_has_a_corpus() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, TRIED);
    for target in TARGETS {
        assert!(!corpus(target).is_empty(), "fuzz/corpus/{} is empty", target.name);
        for path in corpus(target) {
            let length = std::fs::metadata(&path).expect("is there").len();
            assert!(length <= target.longest as u64, "{} is longer than {}", path.display(), target.longest);
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let all = TARGETS.iter().flat_map(corpus);
    let bytes: u64 = all.map(|path| std::fs::metadata(path).expect("is there").len()).sum();
    assert!(bytes <= LARGEST_CORPUS, "{bytes} bytes");
}
