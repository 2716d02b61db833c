//! Renews tokens beside the measured path, ahead of their end, so that no request waits for one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use super::phase_error::PhaseError;
use crate::drive::control::{Renewals, Token};
use crate::drive::load::LaneRequest;
use crate::observe::{Latency, LoadFigures, encode, histogram};
use crate::plan::subject::Identity;

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
    ) -> Result<Self, PhaseError> {
        let (mut requests, mut ending) = (Vec::with_capacity(identities.len()), Vec::new());
        for (index, identity) in identities.iter().enumerate() {
            let request = match session.prober.request_of(identity, resource) {
                Some(request) => request,
                None => {
                    let no_token = |source| PhaseError::NoToken { who: identity.name.clone(), source };
                    let token = session.prober.fresh(identity).await.map_err(no_token)?;
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
        // in the order of their times; the index tells apart what ends at once
        let due = good.ending.iter().map(|(index, identity, token)| {
            let mut renewals = Renewals::default();
            let at = renewals.next(token);
            ((at, *index), (good.requests[*index].clone(), identity.clone(), renewals))
        });
        let mut due: BTreeMap<(Instant, usize), (Arc<LaneRequest>, Identity, Renewals)> = due.collect();
        let (prober, kept) = (session.prober.clone(), took.clone());
        let task = tokio::spawn(async move {
            while let Some(((at, index), (request, identity, mut renewals))) = due.pop_first() {
                tokio::time::sleep_until(at.into()).await;
                let at = match prober.fresh(&identity).await {
                    Ok(token) => {
                        request.renew(prober.request_with(&token, resource));
                        if let Ok(mut kept) = kept.lock() {
                            kept.push(token.took);
                        }
                        renewals.next(&token)
                    }
                    Err(_) => renewals.retry(),
                };
                due.insert((at, index), (request, identity, renewals));
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
        if !took.is_empty() {
            let mut times = histogram();
            for one in took {
                times.saturating_record(u64::try_from(one.as_nanos()).unwrap_or(u64::MAX));
            }
            figures.token_acquisition_us = Some(Latency::of(&times));
            figures.histograms.token_acquisition = encode(&times);
        }
    }
}
