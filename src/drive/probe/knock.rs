//! One request with a good credential, before any check: whether the scenario can be tested as it is written.

use super::Prober;
use crate::drive::control::ControlError;
use crate::observe::{Evidence, Exchange, Outcome};

impl Prober {
    /// Asks for a resource with the credential of an identity that should open it. What cannot be a grant is not compared
    /// with what is learned of the resource: nothing is to be learned where nobody is let in.
    ///
    /// # Errors
    /// When there is no credential to be had.
    pub async fn knock(&self, identity: usize, resource: usize) -> Result<(Exchange, Outcome), ControlError> {
        let subject = self.subject();
        let held = self.held(&subject.identities[identity]).await?;
        let request = self.good_request(&held, resource, &mut Evidence::default());
        let exchange = self.send_to(resource, &request).await;
        let outcome = match exchange.status() {
            None => Outcome::Silent,
            Some(400..500) if subject.resources[resource].success.is_none() => Outcome::Refused,
            Some(500..) if subject.resources[resource].success.is_none() => Outcome::Broke,
            Some(_) => self.read_good((identity, resource), &exchange).await.outcome,
        };
        Ok((exchange, outcome))
    }
}
