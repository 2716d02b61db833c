//! What schemes cost over a baseline on the same server: pairs of requests, one of each, in randomised order on one warm
//! connection, timed by a thread that spins.
//!
//! Slow changes of the machine meet both requests of a pair alike and leave their difference alone, which is why this
//! resolves a fraction of a microsecond where two runs one after the other do not resolve ten.

mod contender;
mod order;
mod progress;
mod saturate;
mod socket;

use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

pub use contender::{Contender, SampleFailure, server_timing};
pub use saturate::saturate;
pub use socket::Socket;

use super::process::ProcessCpu;
use super::stop::Stop;
use super::wire::{Destination, Limits};
use crate::clock;
use crate::observe::Activity;
use crate::scheme::{Reuse, Turn};
use crate::stats::paired::{Pair, Series};
use contender::{Sample, micros};
use progress::StudyShown;

/// How often each scheme is visited, so that no slow change of the machine meets one scheme alone.
const ROUNDS: u32 = 6;
/// Least length of a block: what is closer in time is taken to depend on each other.
const BLOCK: Duration = Duration::from_millis(10);
/// Turns of four at the start of a visit that do not count; caches are those of the scheme before.
const WARMUP_QUADS: u32 = 20;
/// Most of a visit that the warm-up may take.
const WARMUP_SHARE: f64 = 0.1;
/// New connections of each scheme in each round.
const FIRST_REQUESTS: usize = 2;
/// Exchanges that may fail one after another before the study ends.
const PATIENCE: u32 = 5;

/// What is compared, where, and for how long.
pub struct Study {
    /// What the others are compared with.
    pub baseline: Contender,
    /// The others.
    pub schemes: Vec<Contender>,
    /// Where the server is.
    pub destination: Destination,
    /// Limits of one exchange.
    pub limits: Limits,
    /// Time for pairs of each scheme, and of the baseline with itself.
    pub duration: Duration,
    /// Time for saturated runs of each.
    pub saturation: Duration,
    /// The server's process, where it is one of this machine that serves nobody else.
    pub server: Option<ProcessCpu>,
    /// Metric of `Server-Timing` that says what the scheme took the server: `auth`.
    pub metric: &'static str,
    /// Seed of the order.
    pub seed: u64,
    /// Where it is shown how far the study is.
    pub activity: Activity,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The baseline with itself.
    pub control: Series,
    /// The schemes, in the order of the study.
    pub schemes: Vec<Series>,
    /// Turns of four that do not count, because an answer did not come.
    pub discarded: u64,
    /// Time that it took.
    pub took: Duration,
}

/// Runs a study to its end; blocks, and keeps its processor busy.
///
/// # Errors
/// When a scheme is not accepted, or answers do not come.
pub fn run(study: &Study, stop: &Stop) -> Result<Measured, SampleFailure> {
    let began = clock::now();
    let mut bench = Bench::new(study)?;
    let mut shown = StudyShown::of(study, began);
    let sides: Vec<&Contender> = std::iter::once(&study.baseline).chain(&study.schemes).collect();
    let mut series: Vec<Series> =
        sides.iter().map(|side| Series { name: side.name.clone(), ..Series::default() }).collect();
    for round in 1..=ROUNDS {
        for at in order::round(sides.len(), &mut bench.rng) {
            shown.visits(at, round);
            if stop.is_requested() {
                break;
            }
            bench.first_requests(sides[at], &mut series[at])?;
            bench.visit(sides[at], &mut series[at], study.duration / ROUNDS)?;
            shown.measured(at, &series[at]);
        }
        for at in order::round(sides.len(), &mut bench.rng) {
            if let (Some(server), false) = (&study.server, stop.is_requested()) {
                let length = study.saturation / ROUNDS;
                let more = saturate(sides[at], &study.destination, study.limits, server, length)?;
                let (answers, seconds) = series[at].saturated.unwrap_or_default();
                series[at].saturated = more.map(|more| (answers + more.0, seconds + more.1)).or(series[at].saturated);
            }
        }
    }
    let mut series = series.into_iter();
    Ok(Measured {
        control: series.next().unwrap_or_default(),
        schemes: series.collect(),
        discarded: bench.discarded,
        took: began.elapsed(),
    })
}

/// The connection that all share who present the same certificate or none, and where in the study it is.
struct Bench<'a> {
    study: &'a Study,
    socket: Socket,
    /// That of the scheme that is visited, where it presents a certificate.
    own: Option<Socket>,
    /// What the target asked the scheme for that is visited.
    turn: Turn,
    /// What it asked the baseline for.
    baselines_turn: Turn,
    rng: StdRng,
    block: u32,
    block_began: Instant,
    failures: u32,
    discarded: u64,
}

impl<'a> Bench<'a> {
    fn new(study: &'a Study) -> Result<Self, SampleFailure> {
        Ok(Self {
            study,
            socket: Socket::open(&study.destination, study.limits).map_err(SampleFailure::Silent)?,
            own: None,
            turn: Turn::of(None),
            baselines_turn: Turn::of(None),
            rng: StdRng::seed_from_u64(study.seed),
            block: 0,
            block_began: clock::now(),
            failures: 0,
            discarded: 0,
        })
    }

    /// Pairs of one scheme for a while.
    fn visit(&mut self, scheme: &Contender, series: &mut Series, length: Duration) -> Result<(), SampleFailure> {
        self.turn = Turn::of(None);
        self.open_own(scheme)?;
        let began = clock::now();
        for _ in 0..WARMUP_QUADS {
            self.quad(scheme)?;
            if began.elapsed() >= length.mul_f64(WARMUP_SHARE) {
                break;
            }
        }
        self.next_block();
        loop {
            if self.block_began.elapsed() >= BLOCK {
                self.next_block();
            }
            if let Some(pairs) = self.quad(scheme)? {
                series.pairs.extend(pairs);
            }
            if began.elapsed() >= length {
                self.next_block();
                return Ok(());
            }
        }
    }

    fn next_block(&mut self) {
        self.block += 1;
        self.block_began = clock::now();
    }

    /// Two pairs in four turns; none where an answer did not come and the connection had to be opened again.
    fn quad(&mut self, scheme: &Contender) -> Result<Option<[Pair; 2]>, SampleFailure> {
        let turns = order::quad(&mut self.rng);
        let mut samples = [Sample::default(); 4];
        for (turn, sample) in turns.iter().zip(&mut samples) {
            let side = if *turn { scheme } else { &self.study.baseline };
            // what the baseline asks for, if anything, is its own
            let own = if *turn { &mut self.turn } else { &mut self.baselines_turn };
            let socket = match &mut self.own {
                Some(socket) if *turn => socket,
                _ => &mut self.socket,
            };
            match side.sample(socket, own, self.study.metric) {
                Ok(measured) if socket.is_reusable() => *sample = measured,
                Ok(_) => {
                    self.reopen(scheme)?;
                    return Ok(None);
                }
                Err(SampleFailure::Silent(silence)) => {
                    self.failures += 1;
                    if self.failures > PATIENCE {
                        return Err(SampleFailure::Silent(silence));
                    }
                    self.reopen(scheme)?;
                    return Ok(None);
                }
                Err(refused) => return Err(refused),
            }
        }
        self.failures = 0;
        Ok(Some([0, 2].map(|at| {
            let (one, other) = (&samples[at], &samples[at + 1]);
            let (baseline, scheme) = if turns[at] { (other, one) } else { (one, other) };
            self.pair(baseline, scheme)
        })))
    }

    fn pair(&self, baseline: &Sample, scheme: &Sample) -> Pair {
        Pair {
            block: self.block,
            difference: scheme.total - baseline.total,
            client: scheme.client - baseline.client,
            // a baseline that says nothing authenticates nobody
            server: scheme.server.map(|server| server - baseline.server.unwrap_or_default()),
            service_time: scheme.total - scheme.client,
        }
    }

    fn reopen(&mut self, scheme: &Contender) -> Result<(), SampleFailure> {
        self.discarded += 1;
        self.socket = Socket::open(&self.study.destination, self.study.limits).map_err(SampleFailure::Silent)?;
        self.open_own(scheme)
    }

    fn open_own(&mut self, scheme: &Contender) -> Result<(), SampleFailure> {
        let open = |at| Socket::open(at, self.study.limits).map_err(SampleFailure::Silent);
        self.own = scheme.destination.as_ref().map(open).transpose()?;
        Ok(())
    }

    /// Requests on connections of their own, from connecting to the last byte of the answer.
    fn first_requests(&mut self, scheme: &Contender, series: &mut Series) -> Result<(), SampleFailure> {
        let destination = scheme.destination.as_ref().unwrap_or(&self.study.destination);
        for _ in 0..FIRST_REQUESTS {
            let kept =
                (scheme.scheme.reuse() == Reuse::WhileHeld).then(|| scheme.prepare(&Turn::of(None), destination));
            let began = clock::now();
            let mut socket = Socket::open(destination, self.study.limits).map_err(SampleFailure::Silent)?;
            let bytes = match kept {
                Some(bytes) => bytes,
                // a client that connects for the first time has no challenge yet
                None => scheme.prepare(&scheme.turn(&mut socket)?, destination),
            };
            let done = socket.exchange(&bytes).map_err(SampleFailure::Silent)?;
            scheme.accepts(&socket.response().ok_or(SampleFailure::Silent(crate::observe::Silence::Closed))?)?;
            series.first_requests.push(micros(done - began));
        }
        Ok(())
    }
}
