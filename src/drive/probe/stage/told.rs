//! What came of a login: whoever was let in, or refused, and by which answer.

use super::resource::second_counts;
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
    /// What came before it and is looked at, too.
    pub(super) before: Vec<Exchange>,
}

impl Told {
    /// Keeps it as what came of a step.
    pub(super) fn observe(self, action: &Action, place: Place, evidence: &mut Evidence) {
        self.observe_as(action, place, false, evidence);
    }

    /// What is looked at of a login that was changed from one of its requests on: all answers from there, or the one to that
    /// request where it is access that matters.
    pub(super) fn of_change(mut self, place: usize, reads_answers: bool) -> Self {
        if reads_answers {
            self.before.drain(..place.min(self.before.len()));
            return self;
        }
        if self.outcome == Outcome::Granted && place < self.before.len() {
            self.exchange = self.before.swap_remove(place);
        }
        self.before.clear();
        self
    }

    /// The same, of an answer that may have come again.
    pub(super) fn observe_as(mut self, action: &Action, place: Place, reproduced: bool, evidence: &mut Evidence) {
        for exchange in std::mem::take(&mut self.before) {
            granted(Some(exchange)).observe(action, place, evidence);
        }
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
    Told { exchange: exchange.unwrap_or_else(unsent), outcome: Outcome::Granted, why: None, before: Vec::new() }
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
        (error, _) if error.is_silence() => Outcome::Silent,
        // RFC 6749 §4.1.2.1: an error that is sent to the client refuses as a page does
        (ControlError::Login(login), Some(_)) if login.is_refused_to_client() => Outcome::Refused,
        // such as a token endpoint that issues no refresh tokens, which it need not (RFC 6749 §5.1)
        (ControlError::Login(LoginError::MissingValue { .. } | LoginError::LedToClient { .. }), _) => {
            return Err(Halt::Untestable(error.to_string()));
        }
        _ => return Err(Halt::Obstacle(error.to_string())),
    };
    Ok(Told { exchange: exchange.unwrap_or_else(unsent), outcome, why: None, before: Vec::new() })
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
    let (ControlError::Login(LoginError::MissingValue { .. } | LoginError::LedToClient { .. }), Some(exchange)) =
        (error, &exchange)
    else {
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

/// Whether the answer to a login or refresh that was sent again in another second takes the place of the first one: what broke in the
/// second of another login (see `drive/login/turns`), and is refused later, is refused.
pub(super) fn later_counts(first: Outcome, later: Outcome) -> bool {
    second_counts(first, later, false) || (first == Outcome::Broke && later == Outcome::Refused)
}

fn unsent() -> Exchange {
    Exchange::unanswered(Request::new("POST", "login"), Silence::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Response;

    fn to(path: &str) -> Exchange {
        Exchange::unanswered(Request::new("POST", path), Silence::Closed)
    }

    fn paths(told: &Told) -> Vec<String> {
        let all = told.before.iter().chain([&told.exchange]);
        all.map(|one| String::from_utf8_lossy(&one.request.target).into_owned()).collect()
    }

    #[test]
    fn an_error_that_is_sent_to_the_client_refuses() {
        let led = |error: Option<&str>| LoginError::LedToClient {
            step: "request 2".to_owned(),
            error: error.map(str::to_owned),
        };
        let lacks = |error: Option<&str>| LoginError::MissingValue {
            step: "request 2".to_owned(),
            what: "the input csrf".to_owned(),
            error: error.map(str::to_owned),
        };
        for (error, expected) in [
            (led(Some("invalid_request")), Some(Outcome::Refused)),
            (lacks(Some("invalid_request")), Some(Outcome::Refused)),
            // these say nothing about the request
            (led(Some("temporarily_unavailable")), None),
            (led(None), None),
            (lacks(None), None),
        ] {
            let redirect = Response { status: 302, headers: Vec::new(), body: Vec::new(), truncated: false };
            let answered = Exchange { answer: Ok(redirect), ..to("/authorize") };
            let told = refused(&ControlError::Login(error.clone()), Some(answered));
            // before anything was sent there is nothing to show
            assert!(refused(&ControlError::Login(error.clone()), None).is_err(), "{error}");
            assert_eq!(told.ok().map(|told| told.outcome), expected, "{error}");
        }
    }

    #[test]
    fn a_login_that_was_changed_is_shown_by_the_request_at_fault() {
        let before = || vec![to("/page"), to("/password")];
        for (outcome, reads_answers, expected) in [
            (Outcome::Granted, false, &["/password"][..]),
            // who was refused is shown by the answer that refused
            (Outcome::Refused, false, &["/last"]),
            (Outcome::Granted, true, &["/password", "/last"]),
        ] {
            let told = Told { outcome, before: before(), ..granted(Some(to("/last"))) };
            assert_eq!(paths(&told.of_change(1, reads_answers)), expected, "{outcome:?} {reads_answers}");
        }
        let told = Told { before: before(), ..granted(Some(to("/last"))) };
        assert_eq!(paths(&told.of_change(2, false)), ["/last"], "the last one was changed");
    }

    #[test]
    fn what_broke_in_the_second_of_another_login_is_what_it_is_later() {
        use Outcome::{Broke, Granted, Refused, Silent, Unclear};
        for (first, later, expected) in [
            (Broke, Refused, true),
            (Broke, Granted, true),
            (Broke, Broke, false),
            (Broke, Unclear, false),
            (Silent, Refused, true),
        ] {
            assert_eq!(later_counts(first, later), expected, "{first:?} {later:?}");
        }
    }
}
