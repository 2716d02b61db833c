//! Renews credentials beside the measured path, ahead of their end, so that no request waits for one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::Session;
use super::phase::VALID;
use super::phase_error::PhaseError;
use crate::drive::load::LaneRequest;
use crate::drive::probe::{LaneCredential, Prober};
use crate::observe::{Latency, LoadFigures, encode, histogram};
use crate::plan::subject::Identity;

/// Credentials that are obtained side by side.
const SIDE_BY_SIDE: usize = 16;

/// What the valid lane sends: one request for each identity.
pub(super) struct Good {
    pub(super) requests: Vec<Arc<LaneRequest>>,
    /// Credentials that end, each with the index of its request.
    ending: Mutex<Vec<(usize, LaneCredential)>>,
}

impl Good {
    /// Makes the requests of all identities; credentials are obtained some at a time.
    ///
    /// # Errors
    /// When a credential is not obtained.
    pub(super) async fn obtain(
        session: &Session<'_>,
        identities: &[Identity],
        resource: usize,
    ) -> Result<Self, PhaseError> {
        let mut requests: Vec<Option<Arc<LaneRequest>>> = Vec::with_capacity(identities.len());
        let mut obtaining = JoinSet::new();
        let permits = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        for (index, identity) in identities.iter().enumerate() {
            let request = match identity.is_obtained() {
                false => match session.prober.signer(VALID, identity, None).await? {
                    Some(signer) => {
                        requests.push(Some(LaneRequest::signed(
                            session.prober.unsigned_request(identity, resource),
                            signer,
                        )));
                        continue;
                    }
                    None => session.prober.request_of(identity, resource).await,
                },
                true => None,
            };
            if request.is_none() {
                let (prober, identity, permits) = (session.prober.clone(), identity.clone(), permits.clone());
                obtaining.spawn(async move {
                    let _permit = permits.acquire().await;
                    let credential = prober.lane_credential(&identity).await;
                    let no_token = |source| PhaseError::NoToken { who: identity.name.clone(), source };
                    credential.map(|credential| (index, credential)).map_err(no_token)
                });
            }
            requests.push(request.map(LaneRequest::new));
        }
        let mut ending = Vec::new();
        while let Some(obtained) = obtaining.join_next().await {
            let (index, credential) = obtained.map_err(|_| PhaseError::Engine)??;
            let prober = &session.prober;
            requests[index] = Some(match prober.signer(VALID, &identities[index], Some(&credential.held)).await? {
                Some(signer) => LaneRequest::signed(prober.unsigned_request(&identities[index], resource), signer),
                None => LaneRequest::new(prober.request_with(&credential.held, resource).await),
            });
            ending.push((index, credential));
        }
        Ok(Self { requests: requests.into_iter().flatten().collect(), ending: Mutex::new(ending) })
    }
}

/// Renews the credentials of the valid lane before they end, so that no request waits for one.
pub(super) struct Renewal {
    task: Option<tokio::task::JoinHandle<()>>,
    took: Arc<Mutex<Vec<Duration>>>,
}

impl Renewal {
    pub(super) fn start(session: &Session<'_>, good: &Good, resource: usize) -> Self {
        let ending = std::mem::take(&mut *good.ending.lock().unwrap_or_else(PoisonError::into_inner));
        let first = ending.iter().filter_map(|(_, credential)| credential.held.token.as_ref());
        let took = Arc::new(Mutex::new(first.map(|token| token.took).collect()));
        if ending.is_empty() {
            return Self { task: None, took };
        }
        let requests = good.requests.clone();
        let renewing = renewing(session.prober.clone(), requests, ending, resource, took.clone());
        Self { task: Some(tokio::spawn(renewing)), took }
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

/// Credentials between two renewals; those that are left when the phase ends are logged out with the others.
struct Waiting {
    prober: Arc<Prober>,
    /// In the order of their times; the index tells apart what is due at once.
    due: BTreeMap<(Instant, usize), LaneCredential>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        while let Some((_, credential)) = self.due.pop_first() {
            self.prober.give_back(credential);
        }
    }
}

/// Renews each credential when it is due, some side by side, for as long as it is polled.
async fn renewing(
    prober: Arc<Prober>,
    requests: Vec<Arc<LaneRequest>>,
    ending: Vec<(usize, LaneCredential)>,
    resource: usize,
    took: Arc<Mutex<Vec<Duration>>>,
) {
    let due = ending.into_iter().map(|(index, credential)| ((credential.due, index), credential)).collect();
    let mut waiting = Waiting { prober: prober.clone(), due };
    let (renewed, mut back) = mpsc::unbounded_channel::<(usize, LaneCredential)>();
    let permits = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    loop {
        let next = waiting.due.first_key_value().map(|((at, _), _)| *at);
        tokio::select! {
            Some((index, credential)) = back.recv() => {
                waiting.due.insert((credential.due, index), credential);
            }
            () = sleep_until(next) => {
                let Some(((_, index), mut credential)) = waiting.due.pop_first() else { continue };
                let (prober, permits, renewed) = (prober.clone(), permits.clone(), renewed.clone());
                let (request, took) = (requests[index].clone(), took.clone());
                tokio::spawn(async move {
                    let _permit = permits.acquire().await;
                    if prober.renew_lane(&mut credential).await.is_ok() {
                        match request.signer() {
                            Some(signer) => signer.renew(credential.held.proof.clone()),
                            None => request.renew(prober.request_with(&credential.held, resource).await),
                        }
                        let token = credential.held.token.as_ref();
                        took.lock().unwrap_or_else(PoisonError::into_inner).extend(token.map(|token| token.took));
                    }
                    if let Err(mpsc::error::SendError((_, credential))) = renewed.send((index, credential)) {
                        prober.give_back(credential);
                    }
                });
            }
        }
    }
}

/// Until a time; for ever where there is none.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
