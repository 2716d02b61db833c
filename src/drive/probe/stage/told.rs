//! What came of a login: whoever was let in, or refused, and by which answer.

use super::{Halt, described};
use crate::clock;
use crate::drive::control::ControlError;
use crate::drive::login::{LoginError, LoginSession};
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request, Silence, meaning_of_status};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;

/// What came of a request of a login.
pub(super) struct Told {
    pub(super) exchange: Exchange,
    pub(super) outcome: Outcome,
    pub(super) why: Option<String>,
}

impl Told {
    /// Keeps it as what came of a step.
    pub(super) fn observe(self, action: &Action, place: Place, evidence: &mut Evidence) {
        self.observe_as(action, place, false, evidence);
    }

    /// The same, of an answer that may have come again.
    pub(super) fn observe_as(self, action: &Action, place: Place, reproduced: bool, evidence: &mut Evidence) {
        evidence.observe(Observation {
            step: action.step,
            credential: None,
            forgery: None,
            description: described(action),
            place,
            exchange: self.exchange,
            outcome: self.outcome,
            why: self.why,
            clean: true,
            at: clock::unix_seconds(),
            reproduced,
        });
    }
}

pub(super) fn granted(exchange: Option<Exchange>) -> Told {
    Told { exchange: exchange.unwrap_or_else(unsent), outcome: Outcome::Granted, why: None }
}

/// What a login means that gave no credential.
///
/// # Errors
/// When it was not sent as it should be: that says nothing about the target.
pub(super) fn refused(error: &ControlError, exchange: Option<Exchange>) -> Result<Told, Halt> {
    let outcome = match (error, exchange.as_ref().and_then(Exchange::status)) {
        (ControlError::Login(LoginError::Refused { .. } | LoginError::NoToken(_)), Some(status)) => match status {
            400.. => meaning_of_status(status),
            // a page, or a redirect to one: the scenario says that it is no success
            _ => Outcome::Refused,
        },
        (ControlError::Unreachable(_) | ControlError::Closed, _) => Outcome::Silent,
        // such as a token endpoint that issues no refresh tokens, which it need not (RFC 6749 §5.1)
        (ControlError::Login(LoginError::MissingValue { .. }), _) => return Err(Halt::Untestable(error.to_string())),
        _ => return Err(Halt::Obstacle(error.to_string())),
    };
    Ok(Told { exchange: exchange.unwrap_or_else(unsent), outcome, why: None })
}

/// The same of a login with a wrong value: what is missing once the password was sent is what whoever is let in would have got.
pub(super) fn failed(error: &ControlError, wrong: &LoginProcedure, session: &LoginSession) -> Result<Told, Halt> {
    let exchange = session.exchanges().last().cloned();
    match wrong.is_past_password(session.exchanges().len()) {
        true => led_elsewhere(error, exchange),
        false => refused(error, exchange),
    }
}

/// What a login means that was changed: whoever is refused gets a page, or a redirect, that has not what the next request needs.
/// An answer that says nothing is neither.
pub(super) fn led_elsewhere(error: &ControlError, exchange: Option<Exchange>) -> Result<Told, Halt> {
    let (ControlError::Login(LoginError::MissingValue { .. }), Some(exchange)) = (error, &exchange) else {
        return refused(error, exchange);
    };
    let outcome = match exchange.response() {
        None => Outcome::Silent,
        Some(answer) if answer.status >= 400 => meaning_of_status(answer.status),
        Some(answer) if answer.header("location").is_some() || !answer.body.is_empty() => Outcome::Refused,
        Some(_) => Outcome::Unclear,
    };
    Ok(Told { outcome, ..granted(Some(exchange.clone())) })
}

fn unsent() -> Exchange {
    Exchange::unanswered(Request::new("POST", "login"), Silence::Closed)
}
