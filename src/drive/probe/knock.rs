//! One request with a good credential, before any check: whether the scenario can be tested as it is written.

use std::sync::atomic::Ordering;

use super::{Prober, handshake};
use crate::clock;
use crate::drive::control::ControlError;
use crate::observe::{Evidence, Exchange, Outcome, Reading};

impl Prober {
    /// Asks for a resource with the credential of an identity that should open it. What cannot be a grant is not compared
    /// with what is learned of the resource: nothing is to be learned where nobody is let in.
    ///
    /// # Errors
    /// When there is no credential to be had.
    pub async fn knock(&self, identity: usize, resource: usize) -> Result<(Exchange, Outcome), ControlError> {
        let subject = self.subject();
        let held = self.held(&subject.identities[identity]).await?;
        if self.turn().await.is_some_and(|turn| turn.challenge.is_none()) && subject.scheme.answers_challenges() {
            return Err(ControlError::NoChallenge(subject.scheme.name()));
        }
        let request = self.good_request(&held, resource, &mut Evidence::default()).await;
        let exchange = self.send_to(resource, &request).await;
        let exchange = self.with_alert(&self.equipment.base, exchange).await;
        let outcome = match exchange.status() {
            None => {
                let silent = Reading { outcome: Outcome::Silent, why: None, clean: true };
                handshake::reading(subject, &exchange, silent).outcome
            }
            Some(400..500) if subject.resources[resource].success.is_none() => Outcome::Refused,
            Some(500..) if subject.resources[resource].success.is_none() => Outcome::Broke,
            Some(_) => self.read_good((identity, resource), &exchange).await.outcome,
        };
        Ok((exchange, outcome))
    }

    /// Finds out whether an identity can hold several credentials at once: another one is obtained, and the first is sent
    /// again. Where it is refused then, each check has to use the last one.
    pub async fn look_whether_one_at_a_time(&self, identity: usize, resource: usize) {
        let who = &self.subject().identities[identity];
        if !who.is_obtained() {
            return;
        }
        let Ok(first) = self.held(who).await else { return };
        let Ok(other) = self.lane_credential(who).await else { return };
        let mut granted = [false; 2];
        for (held, granted) in [&first, &other.held].into_iter().zip(&mut granted) {
            let request = self.good_request(held, resource, &mut Evidence::default()).await;
            let exchange = self.send_to(resource, &request).await;
            *granted = self.read_good((identity, resource), &exchange).await.outcome == Outcome::Granted;
        }
        let lives = first.ends_at().is_none_or(|end| clock::now() < end);
        if granted == [false, true] && lives {
            self.one_at_a_time.store(true, Ordering::Relaxed);
            self.forget(who, &first).await;
        }
        self.give_back(other);
    }

    /// Whether a credential ends when its identity obtains another one.
    pub fn is_one_at_a_time(&self) -> bool {
        self.one_at_a_time.load(Ordering::Relaxed)
    }
}
