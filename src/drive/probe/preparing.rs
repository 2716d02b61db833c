//! What a scenario sends around a write: it sets up what the write needs, and cleans up after it.

use super::Prober;
use crate::observe::{ControlRun, Description, Evidence, Exchange, Outcome};
use crate::plan::Script;
use crate::plan::subject::Preparation;

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
}

impl Unprepared {
    /// Why the probes of a check say nothing.
    pub(super) fn why(&self) -> String {
        let answer = match &self.exchange.answer {
            Ok(response) => format!("was answered with {}", response.status),
            Err(silence) => format!("got no answer ({silence})"),
        };
        format!("{} {answer}", self.what)
    }

    /// The same as a control that failed.
    pub(super) fn control(self, description: &Description, closing: bool) -> ControlRun {
        let description = Description::new(format!("{description}: {}", self.what));
        let outcome = if self.exchange.response().is_some() { Outcome::Refused } else { Outcome::Silent };
        ControlRun { credential: None, description, closing, exchange: self.exchange, outcome, was_accepted: false }
    }
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
        for preparation in wanted {
            // on the heap: this is rare, and every control would carry the room for it
            let exchange = Box::pin(self.prepared(resource, preparation, evidence)).await;
            let is_done = exchange.status().is_some_and(|status| status < 400 || HARMLESS.contains(&status));
            if !is_done {
                let Preparation { method, path, .. } = preparation;
                return Err(Box::new(Unprepared { what: format!("`{key}: {method} {path}`"), exchange }));
            }
        }
        Ok(())
    }

    async fn prepared(&self, resource: usize, preparation: &Preparation, evidence: &mut Evidence) -> Exchange {
        let subject = self.subject();
        let mut request = self.plain_request(&preparation.method, &preparation.path, &preparation.headers);
        request = match &preparation.body {
            Some((media, body)) => request.with_body(media, body.clone()),
            None if preparation.method != "GET" => request.header("Content-Length", "0"),
            None => request,
        };
        let named = |name: &String| subject.identities.iter().position(|identity| identity.name == *name);
        let identity = preparation.with.as_ref().map_or_else(|| subject.good_for(resource), named);
        if let Some(identity) = identity
            && let Ok(held) = self.held(&subject.identities[identity]).await
        {
            self.carry(&held, &mut request, evidence).await;
        }
        self.send_to(resource, &request).await
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
