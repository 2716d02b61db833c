//! What a scenario sends around a write: it sets up what the write needs, and cleans up after it.

use std::sync::PoisonError;

use super::{KeptValues, Prober};
use crate::observe::{ControlRun, Description, Evidence, Exchange, Outcome, Request};
use crate::plan::Script;
use crate::plan::subject::{Identity, Preparation};

/// Statuses of refusals that do not hinder: what was to be removed is not there, and what was to be there is.
const HARMLESS: [u16; 3] = [404, 409, 410];

/// When a preparation is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// A preparation that did not do what it is for.
pub(super) struct Unprepared {
    what: String,
    exchange: Exchange,
    /// The name of a value that it keeps and that the answer lacks.
    lacking: Option<String>,
}

impl Unprepared {
    /// Why the probes of a check say nothing.
    pub(super) fn why(&self) -> String {
        let answer = match &self.exchange.answer {
            Ok(response) => format!("was answered with {}", response.status),
            Err(silence) => format!("got no answer ({silence})"),
        };
        match &self.lacking {
            Some(name) => format!("{} {answer}, and the answer lacks the value that `keep` names `{name}`", self.what),
            None => format!("{} {answer}", self.what),
        }
    }

    /// The same as a control that failed.
    pub(super) fn control(self, description: &Description, closing: bool) -> ControlRun {
        let what = if self.lacking.is_some() { self.why() } else { self.what };
        let description = Description::new(format!("{description}: {what}"));
        let outcome = if self.exchange.response().is_some() { Outcome::Refused } else { Outcome::Silent };
        ControlRun { credential: None, description, closing, exchange: self.exchange, outcome, was_accepted: false }
    }
}

/// Whether a preparation did what it is for.
fn is_done(exchange: &Exchange) -> bool {
    exchange.status().is_some_and(|status| status < 400 || HARMLESS.contains(&status))
}

impl Prober {
    /// Sends what belongs before or after a write.
    ///
    /// # Errors
    /// When one of the requests fails.
    pub(super) async fn prepare(
        &self,
        resource: usize,
        when: When,
        evidence: &mut Evidence,
    ) -> Result<(), Box<Unprepared>> {
        let of = &self.subject().resources[resource];
        let (key, wanted) = match when {
            When::Before => ("before", &of.before),
            When::After => ("after", &of.after),
        };
        let mut kept = if when == When::Before { KeptValues::default() } else { self.kept(resource) };
        for preparation in wanted {
            // on the heap: this is rare, and every control would carry the room for it
            let exchange = Box::pin(self.prepared(resource, (preparation, &kept), evidence)).await;
            let is_done = is_done(&exchange);
            if is_done && preparation.method != "GET" {
                Box::pin(self.follow(&exchange)).await;
            }
            let lacking = exchange.response().and_then(|answer| kept.take(&preparation.keep, answer));
            if !is_done || lacking.is_some() {
                let Preparation { method, path, .. } = preparation;
                let lacking = lacking.filter(|_| is_done).map(|kept| kept.name.clone());
                return Err(Box::new(Unprepared { what: format!("`{key}: {method} {path}`"), exchange, lacking }));
            }
            if !preparation.keep.is_empty() {
                self.keep(resource, kept.clone());
            }
        }
        Ok(())
    }

    async fn prepared(
        &self,
        resource: usize,
        (preparation, kept): (&Preparation, &KeptValues),
        evidence: &mut Evidence,
    ) -> Exchange {
        let subject = self.subject();
        let path = kept.path(self.equipment.base.path().trim_end_matches('/'), &preparation.path);
        let mut request = self.plain_request(&preparation.method, &path, &kept.lines(&preparation.headers));
        request = match &preparation.body {
            Some((media, body)) => request.with_body(media, kept.body(media, body)),
            None if preparation.method != "GET" => request.header("Content-Length", "0"),
            None => request,
        };
        let named = |name: &String| subject.identities.iter().position(|identity| identity.name == *name);
        let identity = preparation.with.as_ref().map_or_else(|| subject.good_for(resource), named);
        let who = identity.map(|at| &subject.identities[at]);
        let mut exchange = self.sent_by(who, (resource, &request), evidence).await;
        // what was done before may be refused because the credential has ended since: it is renewed, once
        let place = (resource, preparation.method.clone(), preparation.path.clone());
        let was_done = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner).contains(&place);
        if let (Some(who), Some(401 | 403)) = (who, exchange.status())
            && was_done()
            && let Ok(held) = self.held(who).await
            && held.token.is_some()
        {
            self.forget(who, &held).await;
            exchange = self.sent_by(Some(who), (resource, &request), evidence).await;
        }
        if is_done(&exchange) {
            self.prepared.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
        }
        exchange
    }

    /// Sends a request with the credential of an identity, where it has one.
    async fn sent_by(
        &self,
        who: Option<&Identity>,
        (resource, request): (usize, &Request),
        evidence: &mut Evidence,
    ) -> Exchange {
        let mut request = request.clone();
        if let Some(who) = who
            && let Ok(held) = self.held(who).await
        {
            self.carry(&held, &mut request, evidence).await;
        }
        self.send_to(resource, &request).await
    }

    /// What the last `before` of a resource kept.
    pub(super) fn kept(&self, resource: usize) -> KeptValues {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&resource).cloned().unwrap_or_default()
    }

    fn keep(&self, resource: usize, values: KeptValues) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(resource, values);
    }

    /// Sets up anew what a write needs that was done before: an object that it deleted is there again.
    ///
    /// # Errors
    /// When one of the requests fails.
    pub(super) async fn set_up_again(&self, resource: usize, evidence: &mut Evidence) -> Result<(), Box<Unprepared>> {
        for when in [When::After, When::Before] {
            self.prepare(resource, when, evidence).await?;
        }
        Ok(())
    }

    /// Prepares what the steps of a check write.
    ///
    /// # Errors
    /// When one of the requests fails.
    pub(super) async fn prepare_all(
        &self,
        script: &Script,
        when: When,
        evidence: &mut Evidence,
    ) -> Result<(), Box<Unprepared>> {
        let mut written: Vec<usize> =
            script.written().filter(|at| self.subject().resources[*at].is_prepared()).collect();
        written.sort_unstable();
        written.dedup();
        for resource in written {
            self.prepare(resource, when, evidence).await?;
        }
        Ok(())
    }
}
