//! Why records cannot be merged.

use crate::observe::{NoDistribution, UniteError};
use crate::shard::Shard;

/// Why records cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The record does not say which run it is of.
    #[error("it has no start of a run")]
    NoStart,
    /// The run was not split.
    #[error("it is the record of a whole run, not of a shard")]
    Whole,
    /// The run was split into another number of shards.
    #[error("it is shard {shard}, but --expect says {expected} shards")]
    Count { shard: Shard, expected: u32 },
    /// A shard has two records.
    #[error("shard {0} was given before: each shard is merged once")]
    Twice(Shard),
    /// The distribution of a second cannot be read.
    #[error("a second of the phase {phase} of shard {shard} cannot be read: {source}")]
    Second { shard: Shard, phase: String, source: NoDistribution },
    /// What was measured cannot be added.
    #[error(transparent)]
    Unite(#[from] UniteError),
    /// No record is of the run.
    #[error("there is no record of a shard")]
    Nothing,
}
