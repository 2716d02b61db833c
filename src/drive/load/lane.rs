//! Lanes: what is sent in which share.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::destination::LoadDestination;
use super::marks::SuccessMarks;
use super::scatter::scattered;
use super::signer::Signer;
use crate::observe::Request;

/// A lane's request; a renewed credential is swapped in whole, and workers notice by the version.
#[derive(Debug)]
pub struct LaneRequest {
    version: AtomicU64,
    request: RwLock<Arc<Request>>,
    /// Makes a credential for each request, which this one is sent with.
    signer: Option<Signer>,
}

impl LaneRequest {
    /// A request with its first credential.
    pub fn new(request: Request) -> Arc<Self> {
        Arc::new(Self { version: AtomicU64::new(0), request: RwLock::new(request.into()), signer: None })
    }

    /// A request without its credential, of which each sending gets one of its own.
    pub fn signed(request: Request, signer: Signer) -> Arc<Self> {
        let signer = Some(signer);
        Arc::new(Self { version: AtomicU64::new(0), request: RwLock::new(request.into()), signer })
    }

    /// What makes a credential for each request, where one is needed.
    pub fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// Swaps in the request with a renewed credential.
    pub fn renew(&self, request: Request) {
        *self.request.write().unwrap_or_else(PoisonError::into_inner) = request.into();
        self.version.fetch_add(1, Ordering::Release);
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The request as it is now.
    pub fn request(&self) -> Arc<Request> {
        self.request.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The lane that sends no credential.
pub(super) const ANONYMOUS: &str = "no-credential";

/// A share of the load.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Name: `valid`, or the forgery that it sends.
    pub name: String,
    /// Share of the requests, from 0 to 1.
    pub share: f64,
    /// Whether its requests should be accepted.
    pub expects_grant: bool,
    /// What it sends: one request for each identity, in turn.
    pub requests: Vec<Arc<LaneRequest>>,
    /// How access granted is recognised.
    pub marks: SuccessMarks,
}

/// Requests of one shuffled block, in which shares are kept exactly; the second where a share is finer than one in a thousand.
const BLOCK: (usize, usize) = (1000, 10_000);

/// Which lane an arrival belongs to, by its number: every block keeps the shares exactly, in an order of its own.
#[derive(Debug)]
pub(super) struct Mix {
    /// Lanes of one block, shuffled once.
    block: Vec<u16>,
    seed: u64,
    /// The block of the last arrival, with its way through `block`: a factor and a first place.
    current: u64,
    factor: u64,
    first: u64,
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
        block.shuffle(&mut StdRng::seed_from_u64(seed));
        Self { block, seed, current: u64::MAX, factor: 1, first: 0 }
    }

    pub(super) fn lane(&mut self, number: u64) -> usize {
        let length = self.block.len() as u64;
        if length == 1 {
            return 0;
        }
        let (block, place) = (number / length, number % length);
        if block != self.current {
            let bits = scattered(self.seed, block);
            // lengths are products of 2 and 5: what is odd and no multiple of 5 visits every place once
            let odd = ((bits >> 32) % length) | 1;
            self.factor = if odd.is_multiple_of(5) { odd + 2 } else { odd };
            (self.current, self.first) = (block, bits & 0xffff_ffff);
        }
        usize::from(self.block[((place * self.factor + self.first) % length) as usize])
    }
}

/// A worker's own copies of a lane's requests, in the form in which they are sent.
#[derive(Debug)]
pub(super) struct Copies<F> {
    requests: Vec<(Arc<LaneRequest>, u64, Rc<F>)>,
    /// Those that go over the connections of each destination, and which of them is next.
    turns: Vec<(Vec<usize>, usize)>,
}

impl<F> Copies<F> {
    /// Each worker begins at another identity.
    pub(super) fn of(
        lane: &Lane,
        (worker, workers): (usize, usize),
        destinations: &[LoadDestination],
        form: impl Fn(&Request) -> F,
    ) -> Self {
        let requests =
            lane.requests.iter().map(|request| (request.clone(), request.version(), Rc::new(form(&request.request()))));
        let turn = |destination: &LoadDestination| {
            let goes = |at: &usize| destinations.len() == 1 || destination.carries(&lane.requests[*at].request());
            let over: Vec<usize> = (0..lane.requests.len()).filter(goes).collect();
            let first = over.len() * worker / workers.max(1);
            (over, first)
        };
        Self { requests: requests.collect(), turns: destinations.iter().map(turn).collect() }
    }

    /// The number of the next request over the connections of a destination.
    fn turn(&mut self, destination: usize) -> usize {
        let (over, next) = &mut self.turns[destination];
        let index = over[*next];
        *next = if *next + 1 == over.len() { 0 } else { *next + 1 };
        index
    }

    /// The request of the next identity, where each has a credential of its own; it takes its turn.
    pub(super) fn next_signed(&mut self, destination: usize) -> Option<Arc<LaneRequest>> {
        let (over, next) = &self.turns[destination];
        let (request, ..) = &self.requests[over[*next]];
        request.signer()?;
        let request = request.clone();
        self.turn(destination);
        Some(request)
    }

    /// The request of the next identity; a renewed credential is noticed here.
    pub(super) fn next(&mut self, destination: usize, form: impl Fn(&Request) -> F) -> Rc<F> {
        let index = self.turn(destination);
        let (request, known, copy) = &mut self.requests[index];
        let version = request.version();
        if *known != version {
            (*known, *copy) = (version, Rc::new(form(&request.request())));
        }
        copy.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::wire::Destination;
    use crate::observe::Fingerprint;
    use crate::target::hosts::AllowedHosts;

    fn lane(name: &str, share: f64) -> Lane {
        let fingerprint = Fingerprint {
            status: 200,
            content_type: None,
            pointer: None,
            text: None,
            members: std::collections::BTreeSet::new(),
        };
        let requests = ["/a", "/b"].map(|path| LaneRequest::new(Request::new("GET", path))).to_vec();
        let marks = SuccessMarks::of(&fingerprint);
        Lane { name: name.to_owned(), share, expects_grant: true, requests, marks }
    }

    #[test]
    fn a_block_keeps_the_shares_exactly() {
        for (shares, expected) in [([0.95, 0.03, 0.02], [9500, 300, 200]), ([0.9997, 0.0002, 0.0001], [9997, 2, 1])] {
            let lanes = shares.map(|share| lane("some", share));
            let mut mix = Mix::new(&lanes, 1);
            let mut counts = [0; 3];
            for number in 0..10_000 {
                counts[mix.lane(number)] += 1;
            }
            assert_eq!(counts, expected);
        }
    }

    #[test]
    fn an_arrival_has_the_same_lane_whoever_sends_it() {
        let lanes = [0.9, 0.07, 0.03].map(|share| lane("some", share));
        let mut one = Mix::new(&lanes, 5);
        let of_one: Vec<_> = (0..5000).map(|number| one.lane(number)).collect();
        for worker in 0..7 {
            let mut mix = Mix::new(&lanes, 5);
            for number in (worker..5000).step_by(7) {
                assert_eq!(mix.lane(number as u64), of_one[number]);
            }
        }
        assert_ne!(of_one[..1000], of_one[1000..2000], "blocks differ in their order");
    }

    #[test]
    fn identities_take_turns_and_a_renewed_credential_is_noticed() {
        let lane = lane("valid", 1.0);
        let form = |request: &Request| request.target[1];
        let url = "http://127.0.0.1:1".parse().expect("a URL");
        let destination = Destination::of(&url, None, &AllowedHosts::default()).expect("a destination");
        let alone = [LoadDestination { connection: Default::default(), destination }];
        let mut copies = Copies::of(&lane, (0, 1), &alone, form);
        assert_eq!([(); 3].map(|()| *copies.next(0, form)), *b"aba");
        lane.requests[1].renew(Request::new("GET", "/c"));
        assert_eq!([(); 2].map(|()| *copies.next(0, form)), *b"ca");
        assert_eq!(*Copies::of(&lane, (1, 2), &alone, form).next(0, form), b'c');
    }
}
