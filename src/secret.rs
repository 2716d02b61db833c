//! Secrets in memory, and the scrubber that keeps them out of everything that leaves the process.
//!
//! Masking is structural first: whoever records an exchange masks the part that carries a credential. The
//! [`Scrubber`] is the second net: it removes known values, in the encodings in which they travel, from any text.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroize;

/// What stands where a secret stood.
pub const MASK: &str = "···";

/// Names of parameters and members whose values are credentials, wherever they appear in an exchange.
const SECRET_NAMES: [&str; 10] = [
    "access_token",
    "api_key",
    "apikey",
    "client_assertion",
    "client_secret",
    "key",
    "password",
    "refresh_token",
    "secret",
    "token",
];

/// Whether a parameter or a member of a body holds a credential by its name.
pub fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// Values shorter than this are not searched for: they would shred a report.
const SHORTEST_SCRUBBED: usize = 8;
/// A server that echoes a credential often cuts it; this much of its start counts as the credential.
const SCRUBBED_PREFIX: usize = 12;
/// What is searched for of a value, in bytes. What follows is compared where this was found: a search for a token of a
/// megabyte takes a second to build.
const LONGEST_SEARCHED: usize = 1024;

/// A secret value: wiped when dropped, invisible to `Debug`, without `Display` and `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into custody.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Whether it holds a control character. Such a value is not sent: CR and LF would make another request of the one that
    /// carries it (RFC 9112 §11.1).
    pub fn has_control_characters(&self) -> bool {
        self.0.chars().any(char::is_control)
    }

    /// The value itself, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Removes known secret values from text: verbatim, Base64 (both alphabets, at any alignment) and percent-encoded.
///
/// A clone shares what is known; what is added to the clone makes a search of its own. Values that one check obtains are
/// so added without building the search for all others again.
#[derive(Clone, Default)]
pub struct Scrubber {
    layers: Vec<Arc<Needles>>,
}

/// Values with their encodings, and the search for them, which is built when it is first needed.
#[derive(Default)]
struct Needles {
    /// In order of their starts.
    values: Vec<Needle>,
    search: OnceLock<AhoCorasick>,
}

/// What values begin with, and how those continue that are longer.
struct Needle {
    start: Vec<u8>,
    rests: Vec<Vec<u8>>,
}

impl Needle {
    /// Where a value ends of which the start was found.
    fn end(&self, bytes: &[u8], start_ends: usize) -> usize {
        let after = &bytes[start_ends..];
        let alike = |rest: &Vec<u8>| rest.iter().zip(after).take_while(|(one, other)| one == other).count();
        start_ends + self.rests.iter().map(alike).max().unwrap_or(0)
    }
}

impl Needles {
    fn search(&self) -> &AhoCorasick {
        // built anew for the values of each check: the automaton that is quick to build
        let automaton = || {
            let starts = self.values.iter().map(|needle| &needle.start);
            AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(starts)
        };
        self.search.get_or_init(|| automaton().expect("fewer bytes of secrets than 2^31"))
    }

    fn insert(&mut self, mut start: Vec<u8>) {
        let rest = if start.len() > LONGEST_SEARCHED { start.split_off(LONGEST_SEARCHED) } else { Vec::new() };
        let at = match self.values.binary_search_by(|needle| needle.start.cmp(&start)) {
            Ok(at) => at,
            Err(at) => {
                self.values.insert(at, Needle { start, rests: Vec::new() });
                self.search.take();
                at
            }
        };
        let rests = &mut self.values[at].rests;
        if !rest.is_empty() && !rests.contains(&rest) {
            rests.push(rest);
        }
    }

    /// Every place of a value, those that overlap included.
    fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let found = self.search().find_overlapping_iter(bytes);
        found.map(|found| found.start()..self.values[found.pattern().as_usize()].end(bytes, found.end()))
    }
}

impl Scrubber {
    /// Adds a value and its encodings; values under eight bytes are ignored.
    pub fn add(&mut self, value: &[u8]) {
        if value.len() < SHORTEST_SCRUBBED {
            return;
        }
        self.insert(value.to_vec());
        if value.len() >= SCRUBBED_PREFIX + 4 {
            self.insert(value[..SCRUBBED_PREFIX].to_vec());
        }
        for offset in 0..3 {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                self.insert(embedded_base64(value, offset, engine));
            }
        }
        if let Ok(text) = std::str::from_utf8(value) {
            let percent = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            self.insert(percent.to_lowercase().into_bytes());
            self.insert(percent.replace("%20", "+").into_bytes());
            self.insert(percent.into_bytes());
            let form: String = url::form_urlencoded::byte_serialize(value).collect();
            self.insert(form.into_bytes());
            // how JSON and Rust would print it
            let json = serde_json::Value::from(text).to_string();
            self.insert(json.as_bytes()[1..json.len() - 1].to_vec());
        }
    }

    fn insert(&mut self, needle: Vec<u8>) {
        if needle.len() < SHORTEST_SCRUBBED {
            return;
        }
        match self.layers.last_mut().and_then(Arc::get_mut) {
            Some(own) => own.insert(needle),
            None => {
                let mut own = Needles::default();
                own.insert(needle);
                self.layers.push(Arc::new(own));
            }
        }
    }

    /// The text without any known value.
    pub fn scrub(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.scrub_bytes(text.as_bytes())).into_owned()
    }

    /// The bytes without any known value.
    pub fn scrub_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for found in self.found_in(bytes) {
            clean.extend_from_slice(&bytes[from..found.start]);
            clean.extend_from_slice(MASK.as_bytes());
            from = found.end;
        }
        clean.extend_from_slice(&bytes[from..]);
        clean
    }

    /// Whether the bytes contain any known value.
    pub fn finds_in(&self, bytes: &[u8]) -> bool {
        self.layers.iter().any(|layer| layer.search().is_match(bytes))
    }

    /// Every part that belongs to a known value, in order. Values that overlap are one part, so that none leaves its rest
    /// behind where another was found first.
    fn found_in(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = self.layers.iter().flat_map(|layer| layer.places(bytes)).collect();
        all.sort_unstable_by_key(|found| found.start);
        all.dedup_by(|next, before| {
            let overlaps = next.start < before.end;
            if overlaps {
                before.end = before.end.max(next.end);
            }
            overlaps
        });
        all
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} values)", self.layers.iter().map(|layer| layer.values.len()).sum::<usize>())
    }
}

/// The characters that Base64 of any text must contain if `value` stands in it at `offset` (modulo 3): the first and
/// last character that depend on neighbours are left out.
fn embedded_base64(value: &[u8], offset: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(value);
    let encoded = engine.encode(&padded).into_bytes();
    let start = (offset * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    encoded[start..end.max(start)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.add(b"s3cr3t/with+odd:chars");
        scrubber
    }

    #[test]
    fn every_encoding_in_which_a_secret_travels_is_removed() {
        for (form, text) in [
            ("plain", "key s3cr3t/with+odd:chars end".to_owned()),
            ("json", r#"{"k":"s3cr3t/with+odd:chars"}"#.to_owned()),
            ("percent", "k=s3cr3t%2Fwith%2Bodd%3Achars".to_owned()),
            ("percent, lower case", "k=s3cr3t%2fwith%2bodd%3achars".to_owned()),
            ("basic, offset 0", STANDARD.encode("abcs3cr3t/with+odd:chars")),
            ("basic, offset 1", STANDARD.encode("u:xxs3cr3t/with+odd:chars tail").replace('=', "")),
            ("basic, offset 2", STANDARD.encode("user:s3cr3t/with+odd:chars")),
            ("url-safe", URL_SAFE_NO_PAD.encode("user:s3cr3t/with+odd:chars")),
            ("first part", "invalid key s3cr3t/with+...".to_owned()),
        ] {
            let clean = scrubber().scrub(&text);
            assert!(clean.contains(MASK), "{form}: {clean}");
            assert!(!clean.contains("s3cr3t"), "{form}: {clean}");
        }
    }

    #[test]
    fn text_without_a_secret_is_untouched() {
        let text = "nothing to see: s3cr, 200 OK, ···";
        assert_eq!(scrubber().scrub(text), text);
        assert!(!scrubber().finds_in(text.as_bytes()));
    }

    #[test]
    fn short_values_do_not_shred_a_report() {
        let mut scrubber = Scrubber::default();
        scrubber.add(b"test");
        assert_eq!(scrubber.scrub("a test of tests"), "a test of tests");
    }

    #[test]
    fn values_that_overlap_leave_nothing_behind() {
        let mut scrubber = Scrubber::default();
        scrubber.add(b"abcdefgh-first");
        scrubber.add(b"first-and-longer");
        assert_eq!(scrubber.scrub("x abcdefgh-first-and-longer y"), format!("x {MASK} y"));
    }

    #[test]
    fn a_long_value_is_removed_whole_or_as_far_as_it_goes() {
        let long = |last: &str| format!("{}{last}", "0123456789abcdef".repeat(LONGEST_SEARCHED / 8));
        let mut scrubber = Scrubber::default();
        scrubber.add(long("first").as_bytes());
        scrubber.add(long("second").as_bytes());
        for (text, clean) in [
            (format!("x {} y", long("first")), format!("x {MASK} y")),
            (format!("x {} y", long("second")), format!("x {MASK} y")),
            (format!("x {}... y", &long("first")[..LONGEST_SEARCHED + 5]), format!("x {MASK}... y")),
        ] {
            assert_eq!(scrubber.scrub(&text), clean);
        }
    }

    #[test]
    fn a_clone_learns_values_that_its_origin_does_not_know() {
        let origin = scrubber();
        let mut clone = origin.clone();
        clone.add(b"obtained-later");
        let text = "s3cr3t/with+odd:chars obtained-later";
        assert_eq!(clone.scrub(text), format!("{MASK} {MASK}"));
        assert_eq!(origin.scrub(text), format!("{MASK} obtained-later"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2hunter2")), MASK);
    }
}
