//! What the paired study sends for a scheme is made like a probe.

use super::{Prober, RequestError};
use crate::drive::paired::Contender;
use crate::observe::{Asked, Outcome};
use crate::plan::subject::Login;

impl Prober {
    /// A side of a paired study.
    ///
    /// # Errors
    /// When its credential is not obtained or not accepted, or when no credential is needed: then what is measured is
    /// not the cost of the scheme.
    pub async fn contender(&self, name: &str, identity: usize, resource: usize) -> Result<Contender, RequestError> {
        let subject = self.subject();
        let who = &subject.identities[identity];
        let held = match who.login {
            Login::Nothing => None,
            _ => Some(self.held(who).await.map_err(|source| RequestError::NoToken { who: name.to_owned(), source })?),
        };
        let contender = Contender {
            name: name.to_owned(),
            bare: self.bare_request(resource),
            scheme: subject.scheme,
            carrier: subject.carrier.clone(),
            held,
            destination: None,
            asks_each_time: false,
            fingerprint: self.recognition(resource).await.success().clone(),
        };
        let anonymous = self.send_to(resource, &contender.bare).await;
        let asked = Asked { anonymous: true, ..Asked::default() };
        let anonymous = self.read(resource, &anonymous, &asked).await.outcome;
        match (&contender.held, anonymous) {
            (Some(_), Outcome::Granted) => {
                let resource = subject.resources[resource].name();
                Err(RequestError::OpensWithout { name: name.to_owned(), resource })
            }
            _ => Ok(contender),
        }
    }
}
