//! Shards of a run: what they send together, and what a merge makes of their records.

mod binary;
mod merging;
mod schedule;
mod together;

use std::path::{Path, PathBuf};

use authbench::merge::{ExpectedShards, Merge};
use authbench::report::Record;
use authbench::shard::Shard;

/// A token of the reference.
const SERVICE: &str = "abt_service_Lk29dMx7Qw3Zr8Tn";

fn shards(count: u32) -> impl Iterator<Item = Shard> {
    (1..=count).map(move |index| Shard::new(index, count).expect("is in range"))
}

/// A scenario for a reference that runs apart from it, with this beside its scheme.
fn scenario(folder: &Path, url: &str, more: &str) -> PathBuf {
    let file = folder.join("scenario.yaml");
    let text = format!(
        "authbench: 1\nname: shards\ntarget: {{ url: '{url}', owned: true }}\nscheme: bearer\ncredentials:\n  service: {{ \
         token: {SERVICE}, scopes: [read:orders, write:orders] }}\nresources:\n  - {{ request: GET /bearer/orders, scopes: \
         [read:orders] }}\n{more}"
    );
    std::fs::write(&file, text).expect("writes");
    file
}

fn merged(records: impl IntoIterator<Item = Record>, expect: u32, missing: u32) -> Record {
    let today = jiff::civil::date(2026, 11, 26);
    let mut merge = Merge::new(ExpectedShards { shards: expect, missing, today });
    records.into_iter().for_each(|record| merge.add(record).expect("belongs to the run"));
    merge.finish().expect("can be merged")
}

/// Exit code and reason.
fn end(record: &Record) -> (u8, String) {
    let finished = record.finished.as_ref().expect("came to its end");
    (finished.exit_code, finished.reason.clone())
}
