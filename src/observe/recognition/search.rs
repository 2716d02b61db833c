//! Finds atoms of one answer in another, whatever form it has.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::atoms::{self, Atom, BodyKind, SEARCHABLE};
use super::{Asked, ENOUGH_BYTES};
use crate::observe::{Request, contains};

/// Bytes of a value that are searched for.
const LONGEST_NEEDLE: usize = 256;

/// A body, ready to be searched.
pub(super) struct Searched<'a> {
    bytes: &'a [u8],
    pairs: BTreeSet<Atom>,
}

impl<'a> Searched<'a> {
    pub(super) fn of(body: &'a [u8]) -> Self {
        Self { bytes: body, pairs: atoms::json_pairs(body) }
    }
}

/// Atoms that are searched for together.
#[derive(Clone, Debug)]
pub(super) struct Needles {
    atoms: Vec<Atom>,
    /// The patterns in the order of `patterns`.
    matcher: Option<AhoCorasick>,
    /// Index of the atom of each pattern.
    owners: Vec<usize>,
}

impl Needles {
    pub(super) fn new(atoms: Vec<Atom>) -> Self {
        let (mut patterns, mut owners) = (Vec::new(), Vec::new());
        for (at, atom) in atoms.iter().enumerate() {
            for pattern in patterns_of(atom) {
                patterns.push(pattern);
                owners.push(at);
            }
        }
        let matcher = if patterns.is_empty() { None } else { automaton(&patterns) };
        Self { atoms, matcher, owners }
    }

    pub(super) fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    pub(super) fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    /// The atoms that a body carries, without those that the request carried and those that its credential may read.
    pub(super) fn found_in(&self, body: &Searched<'_>, asked: &Asked<'_>) -> Vec<&Atom> {
        let mut found = BTreeSet::new();
        if let Some(matcher) = &self.matcher {
            for hit in matcher.find_overlapping_iter(body.bytes) {
                found.insert(self.owners[hit.pattern().as_usize()]);
            }
        }
        for (at, atom) in self.atoms.iter().enumerate() {
            if body.pairs.contains(atom) {
                found.insert(at);
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        let sent = asked.request.map(Sent::of);
        let repeated = |atom: &Atom| {
            sent.as_ref().is_some_and(|sent| sent.is_repeated_by(&atom.value)) || asked.readable.contains(atom)
        };
        found.into_iter().map(|at| &self.atoms[at]).filter(|atom| !repeated(atom)).collect()
    }

    /// Whether what was found is what every good answer has: half of a JSON body, nine tenths of another.
    pub(super) fn are_nearly_all(&self, found: &[&Atom], kind: BodyKind) -> bool {
        let all = self.atoms.len();
        let enough = match kind {
            BodyKind::Json => found.len() * 2 >= all,
            BodyKind::Text | BodyKind::Binary => found.len() * 10 >= all * 9,
        };
        // one atom beside others may be part of an envelope
        let several = found.len() >= all.min(2);
        enough && several && found.iter().map(|atom| atom.value.len()).sum::<usize>() >= ENOUGH_BYTES
    }

    /// The same, searched for in a body.
    pub(super) fn are_nearly_all_in(&self, body: &[u8], kind: BodyKind) -> bool {
        self.are_nearly_all(&self.found_in(&Searched::of(body), &Asked::default()), kind)
    }

    /// The share of what was found among what neither the request carried nor its credential may read.
    pub(super) fn share_of(&self, found: &[&Atom], asked: &Asked<'_>) -> FoundShare {
        let sent = asked.request.map(Sent::of);
        let is_new = |atom: &&Atom| {
            !sent.as_ref().is_some_and(|sent| sent.is_repeated_by(&atom.value)) && !asked.readable.contains(atom)
        };
        let all = self.atoms.iter().filter(is_new).count();
        let is_enough = found.iter().map(|atom| atom.value.len()).sum::<usize>() >= ENOUGH_BYTES;
        match found.len() {
            0 => FoundShare::Little,
            some if is_enough && some * 10 >= all * 9 => FoundShare::Nearly,
            some if is_enough && some * 2 >= all => FoundShare::Most,
            _ => FoundShare::Little,
        }
    }

    /// Whether what was found is content and no accident: three atoms, or half of them. A single one has to be long.
    pub(super) fn are_shown_by(&self, found: &[&Atom]) -> bool {
        let half = found.len() * 2 >= self.atoms.len();
        match found.len() {
            0 => false,
            1 => half && found[0].value.len() >= ENOUGH_BYTES,
            2 => half,
            _ => true,
        }
    }
}

/// How much of what an answer could show was found in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundShare {
    /// Less than half, or so little that two resources may have it in common.
    Little,
    /// Half or more.
    Most,
    /// Nine tenths or more.
    Nearly,
}

/// Quick to build rather than to search: it is built again whenever a control teaches something.
fn automaton(patterns: &[Vec<u8>]) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns).ok()
}

/// How an atom is written in bytes that are not read as JSON: a long scalar by itself, a short one behind its member.
fn patterns_of(atom: &Atom) -> Vec<Vec<u8>> {
    // the middle of a long value: values of one kind often share their head and their tail
    let start = atom.value.len().saturating_sub(LONGEST_NEEDLE) / 2;
    let value = &atom.value[start..atom.value.len().min(start + LONGEST_NEEDLE)];
    let text = String::from_utf8_lossy(value);
    let escaped = serde_json::to_vec(&text).unwrap_or_default();
    let inner = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
    if atom.is_searchable() {
        let mut patterns = vec![value.to_vec()];
        if inner != value {
            patterns.push(inner.to_vec());
        }
        return patterns;
    }
    let mut patterns = Vec::new();
    if !atom.member.is_empty() {
        for colon in ["\":", "\": "] {
            patterns.push([b"\"", atom.member.as_bytes(), colon.as_bytes(), &escaped].concat());
            // a number stands without quotes; what follows it decides whether it goes on
            if atom.value.iter().all(|byte| byte.is_ascii_digit() || b"-.eE+".contains(byte)) {
                for end in [",", "}", "]"] {
                    patterns
                        .push([b"\"", atom.member.as_bytes(), colon.as_bytes(), &atom.value, end.as_bytes()].concat());
                }
            }
        }
    }
    patterns
}

/// What a request carried, its credential also decoded (RFC 7617 §2, RFC 7519 §3).
pub(super) struct Sent {
    /// All of it.
    all: Vec<u8>,
    /// The words of it: a short value repeats one of them, and is not found inside another by chance.
    words: BTreeSet<Vec<u8>>,
    /// Credentials and the name of this program: a value that has one inside repeats the request.
    own: Vec<Vec<u8>>,
}

impl Sent {
    pub(super) fn of(request: &Request) -> Self {
        let target = percent_encoding::percent_decode(&request.target).collect();
        let mut values = vec![request.method.clone().into_bytes(), request.target.clone(), target];
        // whoever knows host and path knows the address: a link to the resource itself, or a redirect to it, shows nothing
        if let Some(host) = request.value_of("host") {
            for scheme in [&b"http://"[..], b"https://"] {
                values.push([scheme, host, &request.target].concat());
            }
        }
        let mut own = Vec::new();
        for header in &request.headers {
            values.push(header.value.clone());
            if header.name.eq_ignore_ascii_case("user-agent") {
                own.push(header.value.clone());
            }
            if header.sensitive {
                let parts = header.value.split(|byte| matches!(byte, b' ' | b'.' | b',' | b'='));
                let decoded = parts
                    .filter(|part| !part.is_empty())
                    .filter_map(|part| STANDARD.decode(part).or_else(|_| URL_SAFE_NO_PAD.decode(part)).ok());
                values.extend(decoded);
                let credential = header.value.splitn(2, |byte| *byte == b' ').last().unwrap_or_default();
                own.extend([header.value.clone(), credential.to_vec()]);
                values.extend(STANDARD.decode(credential));
            }
        }
        values.push(request.body.clone());
        let is_of_a_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii();
        let words = values.iter().flat_map(|value| value.split(|byte| !is_of_a_word(byte)));
        let words = words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect();
        own.retain(|value| value.len() >= SEARCHABLE);
        Self { all: values.join(&b'\n'), words, own }
    }

    /// Whether a value of an answer repeats something that was sent: it is part of it, or has something inside that only the
    /// request can be the source of.
    pub(super) fn is_repeated_by(&self, value: &[u8]) -> bool {
        let is_part = if value.len() >= SEARCHABLE { contains(&self.all, value) } else { self.words.contains(value) };
        is_part || self.own.iter().any(|own| contains(value, own))
    }
}

/// Names of atoms, the first few.
pub(super) fn listed(found: &[&Atom]) -> String {
    let names: BTreeSet<String> = found.iter().map(|atom| atom.name()).collect();
    let mut text = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 3 {
        let _ = write!(text, " and {} more", names.len() - 3);
    }
    text
}
