//! What decides when a phase starts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::clock;
use crate::drive::barrier::{Barrier, BarrierError};
use crate::drive::stop::Stop;

/// What decides when a phase starts, once its connections are open.
#[derive(Clone, Debug, Default)]
pub enum Gate {
    /// Nothing: it starts at once.
    #[default]
    Open,
    /// A time by this machine's clock; at once where it is over.
    At(Timestamp),
    /// The other shards, in a round of this name.
    Barrier(Arc<Barrier>, String),
}

/// When a phase starts.
pub(super) struct PhaseStart {
    pub(super) start: Instant,
    pub(super) planned: Option<Timestamp>,
    pub(super) folder_ms: Option<f64>,
}

impl Gate {
    /// Waits until the start is known, which is this far away at least.
    ///
    /// # Errors
    /// Where other shards do not arrive.
    pub(super) fn open(&self, lead: Duration, stop: &Stop) -> Result<PhaseStart, BarrierError> {
        let (planned, folder_ms) = match self {
            Gate::Open => (None, None),
            Gate::At(at) => (Some(*at), None),
            Gate::Barrier(barrier, round) => {
                let met = barrier.meet(round, stop)?;
                (Some(met.start), met.folder_ms)
            }
        };
        let soonest = clock::now() + lead;
        Ok(PhaseStart { start: planned.map_or(soonest, |at| clock::instant_of(at).max(soonest)), planned, folder_ms })
    }
}
