//! Renews tokens beside the measured path, ahead of their end, so that no request waits for one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use crate::clock;
use crate::drive::control::Token;
use crate::drive::load::LaneRequest;
use crate::observe::{Latency, LoadFigures};
use crate::plan::subject::Identity;

/// After a renewal that failed.
const RETRY: Duration = Duration::from_millis(200);

/// What the valid lane sends: one request for each identity.
pub(super) struct Good {
    pub(super) requests: Vec<Arc<LaneRequest>>,
    /// Identities whose tokens end: the index of the request, and the first token.
    ending: Vec<(usize, Identity, Token)>,
}

impl Good {
    /// Makes the requests of all identities; tokens are obtained one after another.
    ///
    /// # Errors
    /// When a token is not obtained.
    pub(super) async fn obtain(
        session: &Session<'_>,
        identities: &[Identity],
        resource: usize,
    ) -> Result<Self, String> {
        let (mut requests, mut ending) = (Vec::with_capacity(identities.len()), Vec::new());
        for (index, identity) in identities.iter().enumerate() {
            let request = match session.prober.request_of(identity, resource) {
                Some(request) => request,
                None => {
                    let token = session.prober.fresh(identity).await;
                    let token = token.map_err(|error| format!("no token for {}: {error}", identity.name))?;
                    let request = session.prober.request_with(&token, resource);
                    ending.push((index, identity.clone(), token));
                    request
                }
            };
            requests.push(LaneRequest::new(request));
        }
        Ok(Self { requests, ending })
    }
}

/// Renews the tokens of the valid lane before they end, so that no request waits for one.
pub(super) struct Renewal {
    task: Option<tokio::task::JoinHandle<()>>,
    took: Arc<std::sync::Mutex<Vec<Duration>>>,
}

impl Renewal {
    pub(super) fn start(session: &Session<'_>, good: &Good, resource: usize) -> Self {
        let took = Arc::new(std::sync::Mutex::new(good.ending.iter().map(|(.., token)| token.took).collect()));
        if good.ending.is_empty() {
            return Self { task: None, took };
        }
        let due = good.ending.iter().map(|(index, identity, token)| {
            Reverse(Due { at: token.renew_at(), request: good.requests[*index].clone(), identity: identity.clone() })
        });
        let mut due: BinaryHeap<Reverse<Due>> = due.collect();
        let (prober, kept) = (session.prober.clone(), took.clone());
        let task = tokio::spawn(async move {
            // the one that ends first is first
            while let Some(Reverse(Due { at, request, identity })) = due.pop() {
                tokio::time::sleep_until(at.into()).await;
                let at = match prober.fresh(&identity).await {
                    Ok(token) => {
                        request.renew(prober.request_with(&token, resource));
                        if let Ok(mut kept) = kept.lock() {
                            kept.push(token.took);
                        }
                        token.renew_at()
                    }
                    Err(_) => clock::now() + RETRY,
                };
                due.push(Reverse(Due { at, request, identity }));
            }
        });
        Self { task: Some(task), took }
    }

    pub(super) async fn finish(self, figures: &mut LoadFigures) {
        if let Some(task) = self.task {
            task.abort();
            let _ = task.await;
        }
        let mut took = self.took.lock().map(|took| took.clone()).unwrap_or_default();
        // what authbench signs itself is not obtained from anybody
        took.retain(|one| !one.is_zero());
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

/// A token that has to be renewed at a time; the order is that of the times.
struct Due {
    at: Instant,
    request: Arc<LaneRequest>,
    identity: Identity,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
