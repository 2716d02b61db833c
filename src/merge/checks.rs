//! Results of checks of all shards: each check once.

use std::collections::BTreeMap;

use crate::check::{Verdict, catalogue};
use crate::event::CheckResult;
use crate::shard::Shard;

/// Each check once, in the order of the catalogue. A check that several shards ran, as all run the positive controls, keeps
/// the worst of its results.
pub(super) fn united(results: Vec<(Shard, CheckResult)>) -> Vec<CheckResult> {
    let mut united: BTreeMap<String, (usize, Shard, CheckResult)> = BTreeMap::new();
    for (at, (shard, result)) in results.into_iter().enumerate() {
        match united.get_mut(&result.id) {
            Some(known) if rank(&result) < rank(&known.2) => (known.1, known.2) = (shard, result),
            Some(_) => {}
            None => drop(united.insert(result.id.clone(), (at, shard, result))),
        }
    }
    let place = |id: &str| catalogue().position(|check| check.id == id).unwrap_or(usize::MAX);
    let mut ordered: Vec<_> = united.into_values().collect();
    ordered.sort_by_key(|(at, _, result)| (place(&result.id), *at));
    ordered.into_iter().map(|(.., result)| result).collect()
}

/// The worst verdict first.
fn rank(result: &CheckResult) -> usize {
    Verdict::ALL.iter().position(|verdict| *verdict == result.verdict).unwrap_or(usize::MAX)
}
