//! Lanes: what is sent in which share, and how an answer is recognised while the load runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::observe::{Fingerprint, Outcome};

/// The bytes of a lane's request; a renewed credential is swapped in whole, and workers notice by the version.
#[derive(Debug)]
pub struct LaneRequest {
    version: AtomicU64,
    bytes: RwLock<Arc<[u8]>>,
}

impl LaneRequest {
    /// A request with its first credential.
    pub fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { version: AtomicU64::new(0), bytes: RwLock::new(bytes.into()) })
    }

    /// Swaps in the request with a renewed credential.
    pub fn renew(&self, bytes: Vec<u8>) {
        *self.bytes.write().unwrap_or_else(PoisonError::into_inner) = bytes.into();
        self.version.fetch_add(1, Ordering::Release);
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn bytes(&self) -> Arc<[u8]> {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How access granted is recognised without parsing a body: status, media type, and the members by their names.
#[derive(Clone, Debug)]
pub struct Marks {
    status: u16,
    content_type: Option<Vec<u8>>,
    members: Vec<Vec<u8>>,
}

impl Marks {
    /// The marks of a fingerprint.
    pub fn of(fingerprint: &Fingerprint) -> Self {
        let pointed = fingerprint.pointer.iter().filter_map(|pointer| pointer.rsplit('/').next());
        let names = fingerprint.members.iter().map(String::as_str).chain(pointed);
        Self {
            status: fingerprint.status,
            content_type: fingerprint.content_type.clone().map(String::into_bytes),
            members: names.map(|name| format!("\"{name}\"").into_bytes()).collect(),
        }
    }

    /// What an answer means.
    pub(super) fn outcome(&self, status: u16, content_type: &[u8], body: &[u8]) -> Outcome {
        let typed = |expected: &Vec<u8>| {
            content_type.len() >= expected.len() && content_type[..expected.len()].eq_ignore_ascii_case(expected)
        };
        let granted = status == self.status
            && self.content_type.as_ref().is_none_or(typed)
            && self.members.iter().all(|member| contains(body, member));
        match status {
            _ if granted => Outcome::Accepted,
            500.. => Outcome::Broke,
            _ => Outcome::Rejected,
        }
    }
}

fn contains(body: &[u8], member: &[u8]) -> bool {
    body.windows(member.len()).any(|window| window == member)
}

/// A share of the load.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Name: `valid`, or the forgery that it sends.
    pub name: String,
    /// Share of the requests, from 0 to 1.
    pub share: f64,
    /// Whether its requests should be accepted.
    pub expects_accepted: bool,
    /// What it sends.
    pub request: Arc<LaneRequest>,
    /// How access granted is recognised.
    pub marks: Marks,
}

/// Requests of one shuffled block; shares are kept exactly within each.
const BLOCK: usize = 1000;

/// Which lane is next: seeded, in shuffled blocks.
#[derive(Debug)]
pub(super) struct Mix {
    block: Vec<usize>,
    next: usize,
    rng: StdRng,
}

impl Mix {
    pub(super) fn new(lanes: &[Lane], seed: u64) -> Self {
        let mut block = Vec::with_capacity(BLOCK);
        let mut owed = 0.0;
        for (index, lane) in lanes.iter().enumerate() {
            owed += lane.share * BLOCK as f64;
            while (block.len() as f64) < owed.round() {
                block.push(index);
            }
        }
        if block.is_empty() {
            block.push(0);
        }
        Self { next: block.len(), block, rng: StdRng::seed_from_u64(seed) }
    }

    pub(super) fn next(&mut self) -> usize {
        if self.next == self.block.len() {
            self.block.shuffle(&mut self.rng);
            self.next = 0;
        }
        self.next += 1;
        self.block[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str, share: f64) -> Lane {
        let fingerprint =
            Fingerprint { status: 200, content_type: None, pointer: None, members: std::collections::BTreeSet::new() };
        let (request, marks) = (LaneRequest::new(Vec::new()), Marks::of(&fingerprint));
        Lane { name: name.to_owned(), share, expects_accepted: true, request, marks }
    }

    #[test]
    fn a_block_keeps_the_shares_exactly() {
        let mut mix = Mix::new(&[lane("valid", 0.95), lane("expired", 0.03), lane("flipped", 0.02)], 1);
        let mut counts = [0; 3];
        for _ in 0..2 * BLOCK {
            counts[mix.next()] += 1;
        }
        assert_eq!(counts, [1900, 60, 40]);
    }

    #[test]
    fn marks_recognise_an_error_body_in_a_success() {
        let members = ["orders".to_owned()].into();
        let content_type = Some("application/json".to_owned());
        let marks = Marks::of(&Fingerprint { status: 200, content_type, pointer: None, members });
        for (expected, status, media, body) in [
            (Outcome::Accepted, 200, "application/json; charset=utf-8", r#"{"orders":[]}"#),
            (Outcome::Rejected, 200, "application/json", r#"{"error":"no"}"#),
            (Outcome::Rejected, 200, "text/html", r#"{"orders":[]}"#),
            (Outcome::Broke, 503, "application/json", r#"{"orders":[]}"#),
        ] {
            assert_eq!(marks.outcome(status, media.as_bytes(), body.as_bytes()), expected, "{status} {media} {body}");
        }
    }
}
