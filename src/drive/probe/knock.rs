//! One request with a good credential, before any check: whether the scenario can be tested as it is written.

use super::Prober;
use crate::drive::control::ControlError;
use crate::observe::{Evidence, Exchange, Outcome};

impl Prober {
    /// Asks for a resource with the credential of an identity that should open it.
    ///
    /// # Errors
    /// When there is no credential to be had.
    pub async fn knock(&self, identity: usize, resource: usize) -> Result<(Exchange, Outcome), ControlError> {
        let proof = self.proof(&self.subject().identities[identity]).await?;
        let request = self.good_request(&proof, resource, &mut Evidence::default());
        let exchange = self.send_to(resource, &request).await;
        let outcome = self.outcome(resource, &exchange).await;
        Ok((exchange, outcome))
    }
}
