//! Lanes: what is sent in which share.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::marks::Marks;

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

/// A share of the load.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Name: `valid`, or the forgery that it sends.
    pub name: String,
    /// Share of the requests, from 0 to 1.
    pub share: f64,
    /// Whether its requests should be accepted.
    pub expects_accepted: bool,
    /// What it sends: one request for each identity, in turn.
    pub requests: Vec<Arc<LaneRequest>>,
    /// How access granted is recognised.
    pub marks: Marks,
}

/// Requests of one shuffled block, in which shares are kept exactly; the second where a share is finer than one in a thousand.
const BLOCK: (usize, usize) = (1000, 10_000);

/// Which lane is next: seeded, in shuffled blocks.
#[derive(Debug)]
pub(super) struct Mix {
    block: Vec<u16>,
    next: usize,
    rng: StdRng,
}

impl Mix {
    pub(super) fn new(lanes: &[Lane], seed: u64) -> Self {
        let fine = lanes.iter().any(|lane| (lane.share * 1000.0 - (lane.share * 1000.0).round()).abs() > 1e-9);
        let length = if fine { BLOCK.1 } else { BLOCK.0 };
        let mut block = Vec::with_capacity(length);
        let mut owed = 0.0;
        for (index, lane) in (0..).zip(lanes) {
            owed += lane.share * length as f64;
            while (block.len() as f64) < owed.round() {
                block.push(index);
            }
        }
        if block.is_empty() || lanes.len() == 1 {
            block = vec![0];
        }
        Self { next: block.len(), block, rng: StdRng::seed_from_u64(seed) }
    }

    pub(super) fn next(&mut self) -> usize {
        if self.next == self.block.len() {
            self.block.shuffle(&mut self.rng);
            self.next = 0;
        }
        self.next += 1;
        usize::from(self.block[self.next - 1])
    }
}

/// A worker's own copies of a lane's requests.
#[derive(Debug)]
pub(super) struct Copies {
    requests: Vec<(Arc<LaneRequest>, u64, Rc<[u8]>)>,
    next: usize,
}

impl Copies {
    /// Each worker begins at another identity.
    pub(super) fn of(lane: &Lane, worker: usize, workers: usize) -> Self {
        let requests =
            lane.requests.iter().map(|request| (request.clone(), request.version(), Rc::from(&*request.bytes())));
        Self { requests: requests.collect(), next: lane.requests.len() * worker / workers.max(1) }
    }

    /// The bytes of the next identity; a renewed credential is noticed here.
    pub(super) fn next(&mut self) -> Rc<[u8]> {
        let index = self.next;
        self.next = if index + 1 == self.requests.len() { 0 } else { index + 1 };
        let (request, known, bytes) = &mut self.requests[index];
        let version = request.version();
        if *known != version {
            (*known, *bytes) = (version, Rc::from(&*request.bytes()));
        }
        bytes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Fingerprint;

    fn lane(name: &str, share: f64) -> Lane {
        let fingerprint = Fingerprint {
            status: 200,
            content_type: None,
            pointer: None,
            text: None,
            members: std::collections::BTreeSet::new(),
        };
        let (requests, marks) =
            (vec![LaneRequest::new(b"a".to_vec()), LaneRequest::new(b"b".to_vec())], Marks::of(&fingerprint));
        Lane { name: name.to_owned(), share, expects_accepted: true, requests, marks }
    }

    #[test]
    fn a_block_keeps_the_shares_exactly() {
        for (shares, expected) in [([0.95, 0.03, 0.02], [9500, 300, 200]), ([0.9997, 0.0002, 0.0001], [9997, 2, 1])] {
            let lanes = shares.map(|share| lane("some", share));
            let mut mix = Mix::new(&lanes, 1);
            let mut counts = [0; 3];
            for _ in 0..10_000 {
                counts[mix.next()] += 1;
            }
            assert_eq!(counts, expected);
        }
    }

    #[test]
    fn identities_take_turns_and_a_renewed_credential_is_noticed() {
        let lane = lane("valid", 1.0);
        let mut copies = Copies::of(&lane, 0, 1);
        assert_eq!([copies.next(), copies.next(), copies.next()].map(|bytes| bytes[0]), *b"aba");
        lane.requests[1].renew(b"c".to_vec());
        assert_eq!([copies.next(), copies.next()].map(|bytes| bytes[0]), *b"ca");
        assert_eq!(Copies::of(&lane, 1, 2).next()[0], b'c');
    }
}
