//! What is fuzzed. A target takes any bytes and panics where a promise is broken. The long run (`fuzz/src/main.rs`, guided by
//! coverage) and the short one of `cargo test` (`tests/it/fuzz.rs`) share the targets and the corpus.

mod challenge;
mod chunked;
mod exchange;
mod http1;
mod http2;
mod jose;
mod openapi;
mod recognition;
mod record;
mod scenario;
mod server_timing;
mod signature;

/// Something that reads what others wrote.
pub(crate) struct Target {
    /// Name, which is also that of its folder in `corpus/`.
    pub(crate) name: &'static str,
    /// Reads an input; panics where a promise is broken.
    pub(crate) run: fn(&[u8]),
    /// Bytes of an input, at most.
    pub(crate) longest: usize,
    /// Folders of the repository whose files are inputs too.
    pub(crate) seeds: &'static [&'static str],
    /// Words that inputs are made of.
    pub(crate) words: &'static [&'static str],
}

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "scenario", run: scenario::run, longest: 8192, seeds: scenario::SEEDS, words: scenario::WORDS },
    Target { name: "http1", run: http1::run, longest: 4096, seeds: &[], words: http1::WORDS },
    Target { name: "chunked", run: chunked::run, longest: 4096, seeds: &[], words: chunked::WORDS },
    Target { name: "http2", run: http2::run, longest: 4096, seeds: &[], words: http2::WORDS },
    Target { name: "jose", run: jose::run, longest: 8192, seeds: &[], words: jose::WORDS },
    Target { name: "challenge", run: challenge::run, longest: 2048, seeds: &[], words: challenge::WORDS },
    Target { name: "exchange", run: exchange::run, longest: 4096, seeds: &[], words: exchange::WORDS },
    Target { name: "openapi", run: openapi::run, longest: 16384, seeds: openapi::SEEDS, words: openapi::WORDS },
    Target { name: "record", run: record::run, longest: 32768, seeds: record::SEEDS, words: record::WORDS },
    Target { name: "recognition", run: recognition::run, longest: 8192, seeds: &[], words: recognition::WORDS },
    Target { name: "server-timing", run: server_timing::run, longest: 1024, seeds: &[], words: server_timing::WORDS },
    Target { name: "signature", run: signature::run, longest: 4096, seeds: &[], words: signature::WORDS },
];
