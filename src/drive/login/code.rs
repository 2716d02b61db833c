//! The use of an authorization code (RFC 6749 §4.1.3) once more.

use super::redirect::leads_to;
use super::session::LoginSession;
use super::turns::{Distance, is_break};
use super::{HeldCredential, Logins};
use crate::clock;
use crate::drive::control::ControlError;
use crate::observe::page::{named_value, parameter_of_redirect};
use crate::observe::{Exchange, Response};
use crate::plan::login::CredentialSource;

/// The parameter of a redirect that has it (RFC 6749 §4.1.2).
const CODE: &str = "code";

impl LoginSession {
    /// Logs in as far as the code, which is not used.
    ///
    /// # Errors
    /// When a request is refused, or an answer has not what the next request needs.
    pub async fn up_to_the_code(&mut self, logins: &Logins) -> Result<(), ControlError> {
        let turn = logins.turn(self.distance).await;
        match turn.end(Box::pin(self.up_to_the_code_now(logins)).await) {
            Err(error) if is_break(&error) => {
                let turn = logins.turn(Distance::Always).await;
                turn.end(Box::pin(self.up_to_the_code_now(logins)).await)
            }
            ended => ended,
        }
    }

    async fn up_to_the_code_now(&mut self, logins: &Logins) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        let CredentialSource::Requests(steps) = &procedure.source else { return Ok(()) };
        self.start_over();
        if let Some((_, before)) = steps.split_last() {
            self.requests(logins, before).await?;
        }
        Ok(())
    }

    /// Sends the last request of the login again, with the code that it had; what that returned.
    ///
    /// # Errors
    /// When the request is refused, or its answer has no credential.
    pub async fn code_repeated(&mut self, logins: &Logins) -> Result<HeldCredential, ControlError> {
        let turn = logins.turn(self.distance).await;
        turn.end(Box::pin(self.code_repeated_now(logins)).await)
    }

    async fn code_repeated_now(&mut self, logins: &Logins) -> Result<HeldCredential, ControlError> {
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

    /// The answer that led to this redirection URI since the login began: a redirect, JSON with that address for a script, or a page
    /// whose form is sent there.
    pub fn led_to(&self, uri: &str) -> Option<&Exchange> {
        self.leading_to(uri).next()
    }

    /// The answer that led to this redirection URI with a code.
    pub fn brought_a_code_to(&self, uri: &str) -> Option<&Exchange> {
        let has_code = |answer: &Response| {
            let of_redirect = answer.led_to().and_then(|location| parameter_of_redirect(&location, CODE));
            of_redirect.or_else(|| named_value(&String::from_utf8_lossy(&answer.body), CODE)).is_some()
        };
        self.leading_to(uri).find(|exchange| exchange.response().is_some_and(has_code))
    }

    fn leading_to(&self, uri: &str) -> impl Iterator<Item = &Exchange> {
        let leads = move |exchange: &&Exchange| {
            exchange.response().is_some_and(|answer| {
                let body = String::from_utf8_lossy(&answer.body);
                let has_form =
                    || ["action=\"", "action='"].iter().any(|action| body.contains(&format!("{action}{uri}")));
                answer.led_to().is_some_and(|location| leads_to(&location, uri)) || has_form()
            })
        };
        self.exchanges().iter().filter(leads)
    }
}
