//! Finds pieces of secrets: some runs of six bytes of each secret are looked up at every place of a text, and where one is
//! found, the bytes beside it are compared.
//!
//! Searching costs the same whatever the number of secrets, and building costs a few nanoseconds a byte of a secret: tokens
//! of a megabyte are forged in numbers.

use std::ops::Range;

use memchr::memmem;
use zeroize::Zeroizing;

use super::decode::{View, is_separator, nibble, sextet};

/// Bytes that are looked up at once: eight characters of Base64, twelve hexadecimal digits.
const GRAM: usize = 6;
/// A piece that is as long as this is a leak, however long the secret is.
const LONGEST_PIECE: usize = 12;
/// Bytes of a secret between two that are looked up: a piece holds one at least.
const STRIDE: usize = LONGEST_PIECE - GRAM + 1;
/// Bytes on each side of what was looked up that are compared: what follows has been looked up itself.
const BESIDE: usize = LONGEST_PIECE + STRIDE;
/// Places of secrets that are compared where the same six bytes stand in many.
const MOST_ALIKE: usize = 32;
/// A longer value is looked for forwards and with its separators only: it is a token, and there may be many of a megabyte.
const LONGEST_REWRITTEN: usize = 4096;
/// A piece of digits alone: shorter ones are dates and sizes.
const DIGITS: usize = 9;

/// What no text has (RFC 3629 §3).
pub(super) const BETWEEN: u8 = 0xff;

/// One way in which a secret is written.
struct Form {
    bytes: Zeroizing<Vec<u8>>,
    /// The shortest piece that is a leak.
    piece: usize,
}

/// The place of a run of six bytes in a form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    gram: u64,
    form: u32,
    at: u32,
}

/// Forms of secrets, to be looked up.
#[derive(Default)]
pub(super) struct Index {
    forms: Vec<Form>,
    entries: Vec<Entry>,
    /// A bit for each hash that occurs: nearly every place of a text ends here.
    filter: Vec<u64>,
    /// Bits of a hash that do not count.
    shift: u32,
}

impl Index {
    /// Of values, in the order in which they matter.
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut index = Self::default();
        for value in values {
            if value.len() > LONGEST_REWRITTEN {
                index.add(value.to_vec());
                continue;
            }
            let compact: Vec<u8> = value.iter().copied().filter(|byte| !is_separator(*byte)).collect();
            let compact = (compact.len() < value.len()).then_some(compact);
            for form in std::iter::once(value.to_vec()).chain(compact).filter(|form| form.len() >= GRAM) {
                // a text that is turned around is found by the secret turned around
                index.add(form.iter().rev().copied().collect());
                index.add(form);
            }
        }
        index.entries.sort_unstable();
        index.forget_what_is_alike();
        index.build_filter();
        index
    }

    fn add(&mut self, bytes: Vec<u8>) {
        let piece = bytes.len().div_ceil(3).clamp(GRAM, LONGEST_PIECE);
        let form = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
        for at in (0..=bytes.len() - GRAM).step_by(piece - GRAM + 1) {
            let gram = bytes[at..at + GRAM].iter().fold(0, |gram, byte| push(gram, *byte));
            self.entries.push(Entry { gram, form, at: u32::try_from(at).unwrap_or(u32::MAX) });
        }
        self.forms.push(Form { bytes: Zeroizing::new(bytes), piece });
    }

    /// Drops entries beside which the same bytes stand, as in forgeries of one secret.
    fn forget_what_is_alike(&mut self) {
        let mut kept: Vec<Entry> = Vec::with_capacity(self.entries.len());
        let mut group = 0;
        for entry in std::mem::take(&mut self.entries) {
            if kept.last().is_some_and(|last| last.gram != entry.gram) {
                group = kept.len();
            }
            let alike = |other: &Entry| self.beside(*other) == self.beside(entry);
            if kept.len() - group < MOST_ALIKE && !kept[group..].iter().any(alike) {
                kept.push(entry);
            }
        }
        self.entries = kept;
    }

    /// What decides whether something is a piece: the bytes around an entry, whether they are all, and how short one may be.
    fn beside(&self, entry: Entry) -> (&[u8], usize, bool, usize) {
        let (form, at) = (&self.forms[entry.form as usize], entry.at as usize);
        let (start, end) = (at.saturating_sub(BESIDE), (at + GRAM + BESIDE).min(form.bytes.len()));
        (&form.bytes[start..end], at - start, end - start == form.bytes.len(), form.piece)
    }

    fn build_filter(&mut self) {
        let bits = (self.entries.len() * 32).next_power_of_two().clamp(1 << 12, 1 << 24);
        self.shift = 64 - bits.trailing_zeros();
        self.filter = vec![0; bits / 64];
        for entry in &self.entries {
            let hash = hash(entry.gram, self.shift);
            self.filter[hash / 64] |= 1 << (hash % 64);
        }
    }

    fn entries_of(&self, gram: u64) -> &[Entry] {
        let hash = hash(gram, self.shift);
        if self.entries.is_empty() || self.filter[hash / 64] & 1 << (hash % 64) == 0 {
            return &[];
        }
        let start = self.entries.partition_point(|entry| entry.gram < gram);
        let length = self.entries[start..].iter().take_while(|entry| entry.gram == gram).count();
        &self.entries[start..start + length]
    }

    /// Adds every part of a text that is a piece of a secret, as it stands.
    pub(super) fn find_plain(&self, view: &View<'_>, pieces: &mut Pieces<'_>) {
        let bytes = &view.bytes[..];
        let mut gram = 0;
        for (last, byte) in bytes.iter().enumerate() {
            gram = push(gram, *byte);
            let Some(start) = (last + 1).checked_sub(GRAM) else { continue };
            for entry in self.entries_of(gram) {
                let found = self.around(*entry, &bytes[..start], &bytes[last + 1..]);
                let part = start - found.before..last + 1 + found.after;
                if !pieces.has(&view.source(part.clone())) && self.tells(*entry, &found, pieces.spared) {
                    pieces.push(view.source(part));
                }
            }
        }
    }

    /// Adds every part of a text that is a piece of a secret in Base64, in either alphabet and at any alignment.
    pub(super) fn find_base64(&self, view: &View<'_>, pieces: &mut Pieces<'_>) {
        /// Characters of six bytes.
        const CHARACTERS: usize = 8;
        let bytes = &view.bytes[..];
        let (mut bits, mut run) = (0, 0);
        for (last, byte) in bytes.iter().enumerate() {
            let Some(value) = sextet(*byte) else {
                run = 0;
                continue;
            };
            bits = (bits << 6 | u64::from(value)) & MASK;
            run += 1;
            if run < CHARACTERS {
                continue;
            }
            let entries = self.entries_of(lower(bits));
            if entries.is_empty() {
                continue;
            }
            let start = last + 1 - CHARACTERS;
            let values = |part: &mut dyn Iterator<Item = &u8>| -> Vec<u8> {
                part.map_while(|byte| sextet(*byte)).take(BESIDE * 8 / 6 + 4).collect()
            };
            let mut before = values(&mut bytes[..start].iter().rev());
            // a group of four that lacks its first characters has whole bytes at its end
            let lacks = (4 - before.len() % 4) % 4;
            before.resize(before.len() + lacks, 0);
            before.reverse();
            let before = &decoded(&before)[lacks..];
            let after = decoded(&values(&mut bytes[last + 1..].iter()));
            for entry in entries {
                let found = self.around(*entry, before, &after);
                if self.tells(*entry, &found, pieces.spared) {
                    let from = start - (found.before * 8).div_ceil(6);
                    pieces.push(view.source(from..last + 1 + (found.after * 8).div_ceil(6)));
                }
            }
        }
    }

    /// Adds every part of a text that is a piece of a secret in hexadecimal digits, with or without separators.
    pub(super) fn find_hex(&self, view: &View<'_>, pieces: &mut Pieces<'_>) {
        let mut digits: Vec<(usize, u8)> = Vec::new();
        let mut strangers = 0;
        for (at, byte) in view.bytes.iter().enumerate() {
            match nibble(*byte) {
                Some(value) => {
                    strangers = 0;
                    digits.push((at, value));
                }
                None if matches!(byte, b' ' | b':' | b'-' | b',') && strangers < 2 => strangers += 1,
                None => {
                    self.find_in_digits(view, &digits, pieces);
                    digits.clear();
                }
            }
        }
        self.find_in_digits(view, &digits, pieces);
    }

    fn find_in_digits(&self, view: &View<'_>, digits: &[(usize, u8)], pieces: &mut Pieces<'_>) {
        if digits.len() < 2 * GRAM {
            return;
        }
        let byte = |pair: &[(usize, u8)]| pair[0].1 << 4 | pair[1].1;
        let mut bits = 0;
        for (last, (_, value)) in digits.iter().enumerate() {
            bits = (bits << 4 | u64::from(*value)) & MASK;
            let Some(start) = (last + 1).checked_sub(2 * GRAM) else { continue };
            for entry in self.entries_of(lower(bits)) {
                let mut before: Vec<u8> = digits[..start].rchunks_exact(2).take(BESIDE).map(byte).collect();
                before.reverse();
                let after: Vec<u8> = digits[last + 1..].chunks_exact(2).take(BESIDE).map(byte).collect();
                let found = self.around(*entry, &before, &after);
                if self.tells(*entry, &found, pieces.spared) {
                    let (first, last) = (digits[start - 2 * found.before].0, digits[last + 2 * found.after].0);
                    pieces.push(view.source(first..last + 1));
                }
            }
        }
    }

    /// How many bytes on each side of an entry are alike. It is done for each place of a text that looks like a secret, and written
    /// for builds that are not optimised.
    fn around(&self, entry: Entry, before: &[u8], after: &[u8]) -> Found {
        let (form, at) = (&self.forms[entry.form as usize].bytes[..], entry.at as usize);
        let (own_before, own_after) = (&form[..at], &form[at + GRAM..]);
        let mut found = Found { before: 0, after: 0 };
        let most = before.len().min(at).min(BESIDE);
        while found.before < most
            && before[before.len() - 1 - found.before].eq_ignore_ascii_case(&own_before[at - 1 - found.before])
        {
            found.before += 1;
        }
        let most = after.len().min(own_after.len()).min(BESIDE);
        while found.after < most && after[found.after].eq_ignore_ascii_case(&own_after[found.after]) {
            found.after += 1;
        }
        found
    }

    /// Whether a piece says something about a secret.
    fn tells(&self, entry: Entry, found: &Found, spared: &[u8]) -> bool {
        let (form, at) = (&self.forms[entry.form as usize], entry.at as usize);
        let piece = &form.bytes[at - found.before..at + GRAM + found.after];
        if piece.len() == form.bytes.len() {
            return true;
        }
        piece.len() >= form.piece
            && (piece.len() >= LONGEST_PIECE || is_no_word(piece))
            && memmem::find(spared, &piece.to_ascii_lowercase()).is_none()
    }
}

/// How many bytes on each side of six that were found belong to the piece.
struct Found {
    before: usize,
    after: usize,
}

/// The parts of a text that are pieces of secrets.
pub(super) struct Pieces<'a> {
    /// Texts that are no secret, in lower case and with [`BETWEEN`] behind each, though secrets may have parts of them.
    spared: &'a [u8],
    found: Vec<Range<usize>>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(spared: &'a [u8]) -> Self {
        Self { spared, found: Vec::new() }
    }

    /// Whether a part is known to be one.
    fn has(&self, part: &Range<usize>) -> bool {
        self.found.last().is_some_and(|last| last.start <= part.start && part.end <= last.end)
    }

    pub(super) fn push(&mut self, part: Range<usize>) {
        // those of one secret follow each other
        match self.found.last_mut() {
            Some(last) if part.start <= last.end && last.start <= part.end => {
                last.start = last.start.min(part.start);
                last.end = last.end.max(part.end);
            }
            _ => self.found.push(part),
        }
    }

    /// In order; those that overlap are one, so that none leaves its rest behind where another was found first.
    pub(super) fn united(mut self) -> Vec<Range<usize>> {
        self.found.sort_unstable_by_key(|found| found.start);
        self.found.dedup_by(|next, before| {
            let overlaps = next.start <= before.end;
            if overlaps {
                before.end = before.end.max(next.end);
            }
            overlaps
        });
        self.found
    }
}

/// The bits of six bytes.
const MASK: u64 = (1 << (8 * GRAM)) - 1;

/// Six bytes in lower case, with one more at their end and one less at their start.
fn push(gram: u64, byte: u8) -> u64 {
    (gram << 8 | u64::from(byte.to_ascii_lowercase())) & MASK
}

/// Six bytes in lower case.
fn lower(gram: u64) -> u64 {
    let mut bytes = gram.to_be_bytes();
    bytes.make_ascii_lowercase();
    u64::from_be_bytes(bytes)
}

fn hash(gram: u64, shift: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

/// The bytes that groups of four characters of Base64 hold; those of the last group as far as they are whole.
fn decoded(sextets: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(sextets.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for value in sextets {
        bits = bits << 6 | u32::from(*value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

/// Whether a short piece looks like a part of a secret, and not like a word, a name or a date.
fn is_no_word(piece: &[u8]) -> bool {
    let digits = piece.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = piece.iter().filter(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).count();
    let case_changes = piece.windows(2).filter(|pair| {
        let case = |byte: u8| byte.is_ascii_alphabetic().then(|| byte.is_ascii_uppercase());
        matches!((case(pair[0]), case(pair[1])), (Some(one), Some(other)) if one != other)
    });
    (digits > 0 && letters > 0) || (letters == 0 && digits >= DIGITS) || case_changes.count() >= 3
}
