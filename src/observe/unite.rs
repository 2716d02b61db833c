//! The measurements of several shards of one load phase, united as if one machine had sent all of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{
    Histograms, LaneFigures, Latency, Limit, LoadFigures, Model, NoDistribution, Outcomes, curve, decode, doubts,
    encode_unless_empty, histogram,
};
use crate::shard::Shard;

/// What one shard measured.
#[derive(Clone, Copy, Debug)]
pub struct ShardFigures<'a> {
    /// Which shard.
    pub shard: Shard,
    /// What it measured.
    pub figures: &'a LoadFigures,
}

/// Why measurements cannot be united.
#[derive(Debug, thiserror::Error)]
pub enum UniteError {
    /// There is none.
    #[error("no shard measured the phase")]
    Nothing,
    /// A histogram of one cannot be read.
    #[error("a histogram of shard {shard} is damaged: {source}")]
    Damaged { shard: Shard, source: NoDistribution },
    /// A histogram of one has other bounds.
    #[error("a histogram of shard {shard} has other bounds: {source}")]
    Bounds { shard: Shard, source: hdrhistogram::errors::AdditionError },
}

impl Outcomes {
    /// Adds counts to counts.
    pub fn add(&mut self, other: &Outcomes) {
        self.granted += other.granted;
        self.refused += other.refused;
        self.unclear += other.unclear;
        self.broke += other.broke;
        self.silent += other.silent;
    }
}

/// Unites what shards measured of one phase: counts and histograms are added, everything else follows from them.
///
/// # Errors
/// Where there is no part, or a histogram of one cannot be read.
pub fn unite(parts: &[ShardFigures<'_>]) -> Result<LoadFigures, UniteError> {
    let first = parts.first().ok_or(UniteError::Nothing)?.figures;
    let all = || parts.iter().map(|part| part.figures);
    let sums = Sums::of(parts)?;
    let (response, service) = (&sums.response, if first.model == Model::Open { &sums.service } else { &sums.response });
    let duration_s = all().map(|figures| figures.duration_s).fold(0.0, f64::max);
    let lanes = lanes(parts);
    let silent: u64 = lanes.iter().map(|lane| lane.outcomes.silent).sum();
    let requests: u64 = all().map(|figures| figures.requests).sum();
    let mut united = LoadFigures {
        requests,
        duration_s,
        offered_rate: all().map(|figures| figures.offered_rate).sum(),
        achieved_rate: (requests - silent.min(requests)) as f64 / duration_s.max(1e-9),
        connections: all().map(|figures| figures.connections).sum(),
        streams: all().filter_map(|figures| figures.streams).min(),
        threads: all().map(|figures| figures.threads).sum(),
        lanes,
        response_time_us: Latency::of(response),
        service_time_us: Latency::of(service),
        lateness_us: Latency::of(&sums.delay),
        server_auth_us: (!sums.server.is_empty()).then(|| Latency::of(&sums.server)),
        token_acquisition_us: (!sums.tokens.is_empty()).then(|| Latency::of(&sums.tokens)),
        tokens_obtained: all().map(|figures| figures.tokens_obtained).sum(),
        backlog_max: all().map(|figures| figures.backlog_max).sum(),
        // each machine has a target process of its own, or none
        target_cost: None,
        generator_busy: all().filter_map(|figures| figures.generator_busy).reduce(f64::max),
        silences: silences(parts),
        limited_by: None,
        inconclusive: None,
        notes: notes(parts),
        curve: curve(response),
        histograms: sums.encoded(),
        timing: None,
        ..first.clone()
    };
    let bound = all().filter_map(|figures| Some(figures.timing.as_ref()?.lateness_bound_ms)).fold(f64::MAX, f64::min);
    let bound = Duration::try_from_secs_f64(bound / 1000.0).unwrap_or(Duration::MAX);
    let late = Duration::from_nanos(sums.generator.value_at_quantile(0.99));
    (united.limited_by, united.inconclusive) = doubts(&united, late, bound);
    if let Some((limit, why)) = doubted(parts) {
        united.limited_by = united.limited_by.or(limit);
        united.inconclusive = Some(why);
    }
    Ok(united)
}

/// What cannot be trusted of one shard makes the whole doubtful, and names the shard.
fn doubted(parts: &[ShardFigures<'_>]) -> Option<(Option<Limit>, String)> {
    let doubted = parts.iter().filter_map(|part| Some((part, part.figures.inconclusive.as_ref()?)));
    let doubted: Vec<_> = doubted.collect();
    let (part, why) = doubted.first()?;
    let others = match doubted.len() - 1 {
        0 => String::new(),
        1 => format!(" (and shard {})", doubted[1].0.shard),
        more => format!(" (and {more} other shards)"),
    };
    Some((part.figures.limited_by, format!("shard {}: {why}{others}", part.shard)))
}

/// The distributions of all shards, added.
struct Sums {
    response: Histogram<u64>,
    service: Histogram<u64>,
    delay: Histogram<u64>,
    generator: Histogram<u64>,
    server: Histogram<u64>,
    tokens: Histogram<u64>,
}

impl Sums {
    fn of(parts: &[ShardFigures<'_>]) -> Result<Self, UniteError> {
        let sum = |of: fn(&Histograms) -> &str| {
            let mut sum = histogram();
            for part in parts {
                let text = of(&part.figures.histograms);
                if !text.is_empty() {
                    let shard = part.shard;
                    let one = decode(text).map_err(|source| UniteError::Damaged { shard, source })?;
                    sum.add(&one).map_err(|source| UniteError::Bounds { shard, source })?;
                }
            }
            Ok::<_, UniteError>(sum)
        };
        Ok(Self {
            response: sum(|histograms| &histograms.response_time)?,
            service: sum(|histograms| &histograms.service_time)?,
            delay: sum(|histograms| &histograms.scheduling_delay)?,
            generator: sum(|histograms| &histograms.generator_delay)?,
            server: sum(|histograms| &histograms.server_share)?,
            tokens: sum(|histograms| &histograms.token_acquisition)?,
        })
    }

    fn encoded(&self) -> Histograms {
        Histograms {
            response_time: encode_unless_empty(&self.response),
            service_time: encode_unless_empty(&self.service),
            scheduling_delay: encode_unless_empty(&self.delay),
            generator_delay: encode_unless_empty(&self.generator),
            server_share: encode_unless_empty(&self.server),
            token_acquisition: encode_unless_empty(&self.tokens),
        }
    }
}

fn lanes(parts: &[ShardFigures<'_>]) -> Vec<LaneFigures> {
    let mut lanes: Vec<LaneFigures> = Vec::new();
    for lane in parts.iter().flat_map(|part| &part.figures.lanes) {
        let Some(sum) = lanes.iter_mut().find(|sum| sum.name == lane.name) else {
            lanes.push(lane.clone());
            continue;
        };
        sum.outcomes.add(&lane.outcomes);
        for (status, count) in &lane.statuses {
            *sum.statuses.entry(*status).or_default() += count;
        }
        let earlier = match (sum.first_granted_s, lane.first_granted_s) {
            (Some(known), Some(other)) => other < known,
            (known, other) => known.is_none() && other.is_some(),
        };
        if earlier {
            (sum.first_granted_s, sum.first_granted_rate) = (lane.first_granted_s, lane.first_granted_rate);
        }
    }
    lanes
}

fn silences(parts: &[ShardFigures<'_>]) -> BTreeMap<String, u64> {
    let mut silences = BTreeMap::new();
    for (why, count) in parts.iter().flat_map(|part| &part.figures.silences) {
        *silences.entry(why.clone()).or_default() += count;
    }
    silences
}

/// Notes that all shards have stand once; others name their shards.
fn notes(parts: &[ShardFigures<'_>]) -> Vec<String> {
    let mut by_text: Vec<(&String, Vec<Shard>)> = Vec::new();
    for part in parts {
        for note in &part.figures.notes {
            match by_text.iter_mut().find(|(text, _)| *text == note) {
                Some((_, shards)) => shards.push(part.shard),
                None => by_text.push((note, vec![part.shard])),
            }
        }
    }
    let named = by_text.into_iter().map(|(text, shards)| match shards.len() {
        all if all == parts.len() => text.clone(),
        1 => format!("shard {}: {text}", shards[0]),
        some => format!("shard {} and {} others: {text}", shards[0], some - 1),
    });
    named.collect()
}
