//! Which part of a run is done here: asked for, or by the scheduler's variables.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::print;
use crate::clock;
use crate::exit::Exit;
use crate::run::Start;
use crate::shard::Shard;

/// How a run is split over machines.
#[derive(Clone, Debug, Args)]
pub(super) struct Sharding {
    /// Run one of n equal parts, and leave the verdict to `authbench merge`; 1/1 for the whole. Without it, the variables of
    /// Kubernetes, Slurm, GitLab CI and Nomad decide (see docs/scaling.md).
    #[arg(long, value_name = "I/N", env = "AUTHBENCH_SHARD", help_heading = "Shards")]
    shard: Option<Shard>,
    /// Time at which the first load phase starts, such as 2026-11-26T09:30:00Z or +30s.
    #[arg(long, value_name = "TIME", env = "AUTHBENCH_START_AT", value_parser = time, conflicts_with = "barrier", help_heading = "Shards")]
    start_at: Option<Timestamp>,
    /// Folder that all shards see, where they wait for each other before each load phase; a new one for each run.
    #[arg(long, value_name = "FOLDER", env = "AUTHBENCH_BARRIER", help_heading = "Shards")]
    barrier: Option<PathBuf>,
    /// Time that a shard waits for the others.
    #[arg(long, value_name = "TIME", default_value = "5m", env = "AUTHBENCH_BARRIER_TIMEOUT", value_parser = humantime::parse_duration, help_heading = "Shards")]
    barrier_timeout: Duration,
}

/// A text that is no time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected a time such as 2026-11-26T09:30:00Z, or one from now such as +30s")]
struct NotATime;

/// A time, or one from now.
fn time(text: &str) -> Result<Timestamp, NotATime> {
    match text.strip_prefix('+') {
        Some(ahead) => {
            let ahead = humantime::parse_duration(ahead).map_err(|_| NotATime)?;
            clock::timestamp().checked_add(ahead).map_err(|_| NotATime)
        }
        None => text.parse().map_err(|_| NotATime),
    }
}

/// Why the variables of a scheduler name no shard.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum SchedulerError {
    #[error("{0} is not a number of 32 bits")]
    NotANumber(&'static str),
    #[error("{variable} names no shard: {index} of {count}")]
    OutOfRange { variable: &'static str, index: u32, count: u32 },
}

impl Sharding {
    /// The shard, and when its load starts.
    pub(super) fn of(&self) -> Result<(Shard, Start), Exit> {
        let shard = match self.shard {
            Some(shard) => shard,
            None => match scheduled(&|name| std::env::var(name).ok()) {
                Ok(None) => Shard::default(),
                Ok(Some((shard, variable))) => {
                    if shard.splits() {
                        print::error(&format!(
                            "running shard {shard}, as {variable} says (--shard 1/1 runs the whole)"
                        ));
                    }
                    shard
                }
                Err(why) => {
                    print::error(&format!("error: {why}\nhelp: write --shard I/N, or --shard 1/1 for a whole run"));
                    return Err(Exit::Usage);
                }
            },
        };
        let start = match (&self.barrier, self.start_at) {
            (Some(folder), _) if shard.splits() => Start::barrier(folder.clone(), shard, self.barrier_timeout),
            (_, Some(at)) => Start::at(at),
            _ => Start::Now,
        };
        Ok((shard, start))
    }
}

/// A shard by the variables of a scheduler, and the variable that says so.
fn scheduled(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<(Shard, &'static str)>, SchedulerError> {
    let number = |name: &'static str| {
        let text = variable(name).filter(|text| !text.is_empty());
        text.map(|text| text.parse::<u32>().map_err(|_| SchedulerError::NotANumber(name))).transpose()
    };
    let made = |name: &'static str, index: u32, count: u32| {
        let shard = Shard::new(index, count);
        let wrong = SchedulerError::OutOfRange { variable: name, index, count };
        shard.map(|shard| Some((shard, name))).ok_or(wrong)
    };
    for name in ["JOB_COMPLETION_INDEX", "NOMAD_ALLOC_INDEX"] {
        // both count from 0; how many there are is said by whoever wrote the job
        if let (Some(index), Some(count)) = (number(name)?, number("AUTHBENCH_SHARDS")?) {
            return made(name, index.saturating_add(1), count);
        }
    }
    if let (Some(id), Some(least), Some(count)) =
        (number("SLURM_ARRAY_TASK_ID")?, number("SLURM_ARRAY_TASK_MIN")?, number("SLURM_ARRAY_TASK_COUNT")?)
    {
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        return made("SLURM_ARRAY_TASK_ID", (id.saturating_sub(least) / step).saturating_add(1), count);
    }
    match (number("CI_NODE_INDEX")?, number("CI_NODE_TOTAL")?) {
        (Some(index), Some(count)) => made("CI_NODE_INDEX", index, count),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_schedulers_name_a_shard() {
        for (variables, expected) in [
            (&[("JOB_COMPLETION_INDEX", "0"), ("AUTHBENCH_SHARDS", "4")][..], Some("1/4")),
            (&[("JOB_COMPLETION_INDEX", "3"), ("AUTHBENCH_SHARDS", "4")], Some("4/4")),
            // a Job that is no run of authbench
            (&[("JOB_COMPLETION_INDEX", "3")], None),
            (&[("NOMAD_ALLOC_INDEX", "1"), ("AUTHBENCH_SHARDS", "2")], Some("2/2")),
            (
                &[("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "16")],
                Some("5/16"),
            ),
            (
                &[("SLURM_ARRAY_TASK_ID", "0"), ("SLURM_ARRAY_TASK_MIN", "0"), ("SLURM_ARRAY_TASK_COUNT", "4")],
                Some("1/4"),
            ),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "7"),
                    ("SLURM_ARRAY_TASK_MIN", "1"),
                    ("SLURM_ARRAY_TASK_COUNT", "4"),
                    ("SLURM_ARRAY_TASK_STEP", "2"),
                ],
                Some("4/4"),
            ),
            (&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")], Some("2/4")),
            (&[], None),
        ] {
            let look =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let found = scheduled(&look).unwrap().map(|(shard, _)| shard.to_string());
            assert_eq!(found.as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn variables_that_make_no_sense_are_an_error() {
        for variables in
            [[("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "4")], [("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "4")]]
        {
            let look =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert!(scheduled(&look).is_err(), "{variables:?}");
        }
    }
}
