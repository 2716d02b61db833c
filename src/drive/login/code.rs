//! The use of an authorization code (RFC 6749 §4.1.3) once more.

use super::session::LoginSession;
use super::{HeldCredential, Logins};
use crate::clock;
use crate::drive::control::ControlError;
use crate::observe::Exchange;

impl LoginSession {
    /// Sends the last request of the login again, with the code that it had; what that returned.
    ///
    /// # Errors
    /// When the request is refused, or its answer has no credential.
    pub async fn code_repeated(&mut self, logins: &Logins) -> Result<HeldCredential, ControlError> {
        let procedure = self.procedure.clone();
        let Some(step) = procedure.code_request() else {
            return Err(ControlError::Unusable("the login uses no authorization code".to_owned()));
        };
        self.begin();
        let asked = clock::now();
        self.step(logins, step, "the request with the code").await?;
        let value = self.value()?;
        let token = self.token(value, asked)?;
        Ok(self.hold(logins, token)?)
    }

    /// The answer that led to this redirection URI since the login began: a redirect, or a page whose form is sent there.
    pub fn led_to(&self, uri: &str) -> Option<&Exchange> {
        let is_there = |location: &str| {
            location.strip_prefix(uri).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#', '&']))
        };
        let leads = |exchange: &&Exchange| {
            exchange.response().is_some_and(|answer| {
                let body = String::from_utf8_lossy(&answer.body);
                let has_form =
                    || ["action=\"", "action='"].iter().any(|action| body.contains(&format!("{action}{uri}")));
                answer.header_values("location").any(|location| is_there(&location)) || has_form()
            })
        };
        self.exchanges().iter().find(leads)
    }
}
