//! Renews tokens beside the measured path, ahead of their end, so that no request waits for one.

use std::sync::Arc;
use std::time::Duration;

use super::Session;
use crate::clock;
use crate::drive::control::Token;
use crate::drive::load::Lane;
use crate::observe::{Latency, LoadFigures};

/// After a renewal that failed.
const RETRY: Duration = Duration::from_millis(200);

/// Renews the token of the valid lane before it ends, so that no request waits for it.
pub(super) struct Renewal {
    task: Option<tokio::task::JoinHandle<()>>,
    took: Arc<std::sync::Mutex<Vec<Duration>>>,
}

impl Renewal {
    pub(super) fn start(session: &Session<'_>, identity: usize, resource: usize, lanes: &[Lane]) -> Self {
        let took = Arc::new(std::sync::Mutex::new(Vec::new()));
        let valid = lanes.iter().find(|lane| lane.expects_accepted).map(|lane| lane.requests[0].clone());
        let client = session.subject.identities[identity].client();
        let (Some(valid), Some(client)) = (valid, client) else { return Self { task: None, took } };
        let (prober, kept) = (session.prober.clone(), took.clone());
        let task = tokio::spawn(async move {
            loop {
                let wait = match prober.renew(&client).await {
                    Ok(token) => {
                        valid.renew(prober.request_with(&token, resource).to_bytes());
                        if let Ok(mut kept) = kept.lock() {
                            kept.push(token.took);
                        }
                        until(&token)
                    }
                    Err(_) => RETRY,
                };
                tokio::time::sleep(wait).await;
            }
        });
        Self { task: Some(task), took }
    }

    pub(super) async fn finish(self, figures: &mut LoadFigures) {
        if let Some(task) = self.task {
            task.abort();
            let _ = task.await;
        }
        let took = self.took.lock().map(|took| took.clone()).unwrap_or_default();
        figures.tokens_obtained = took.len() as u64;
        if let Ok(mut histogram) = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 3_600_000_000_000, 3)
            && !took.is_empty()
        {
            for one in took {
                histogram.saturating_record(u64::try_from(one.as_nanos()).unwrap_or(u64::MAX));
            }
            figures.token_acquisition_us = Some(Latency::of(&histogram));
        }
    }
}

fn until(token: &Token) -> Duration {
    token.renew_at().saturating_duration_since(clock::now())
}
