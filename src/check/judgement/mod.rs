//! What a check's answers amount to, before levels and waivers.

pub(crate) mod challenges;
pub(crate) mod expect;
mod groundwork;
pub(crate) mod introspection;
pub(crate) mod leeway;
mod leniency;
pub(crate) mod oauth;
pub(crate) mod sameness;
pub(crate) mod self_contained;
pub(crate) mod silence;
pub(crate) mod token_values;

use std::fmt::{self, Write as _};

use groundwork::USED_UP;
use silence::{ENDED, closed, ends_a_process, has_plain_body, tells_nothing};

use crate::check::profile::Effective;
use crate::check::step::{Accept, Class, MISSING, Want};
use crate::check::{Check, Explanation, Level, Severity, Step};
use crate::observe::{Evidence, Observation, Outcome, Response, StepId};

/// What `expect` looks at.
#[derive(Clone, Copy, Debug)]
pub struct ObservedCheck<'a> {
    /// The check.
    pub check: &'a Check,
    /// What it saw.
    pub evidence: &'a Evidence,
    /// The profile, resolved for the scheme under test.
    pub profile: &'a Effective,
}

/// One violation or deviation, with the exchange that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Index of the observation that shows it.
    pub observation: usize,
    /// What is wrong, in one line, for people.
    pub text: String,
    /// Whether the text says which request it is about.
    pub described: bool,
    /// What was expected instead.
    pub expected: String,
    /// What it shows about the target.
    pub explanation: Explanation,
}

/// What is wrong with an answer, for people.
#[derive(Clone, Debug)]
pub struct Wording {
    text: String,
    described: bool,
}

impl From<&str> for Wording {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), described: false }
    }
}

impl From<String> for Wording {
    fn from(text: String) -> Self {
        Self { text, described: false }
    }
}

impl Deviation {
    /// Names the request at fault, where another one shows it.
    pub fn move_to(&mut self, observation: usize, wording: Wording, expected: &str) {
        *self = wording.shown_by(observation, expected, self.explanation);
    }
}

impl Wording {
    fn shown_by(self, observation: usize, expected: impl Into<String>, explanation: Explanation) -> Deviation {
        let (text, described) = (self.text, self.described);
        Deviation { observation, text, described, expected: expected.into(), explanation }
    }
}

/// What a check's answers amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Access granted, or refused, against the requirement.
    pub access: Vec<Deviation>,
    /// Statuses, headers and bodies that deviate.
    pub protocol: Vec<Deviation>,
    /// Deviations from a recommendation beside a stronger requirement: a warning at most, whatever the level.
    pub advice: Vec<Deviation>,
    /// Why nothing can be said.
    pub open: Vec<String>,
    /// Why the requirement does not apply to this target after all.
    pub not_applicable: Option<String>,
    /// Facts worth knowing where nothing is violated.
    pub remarks: Vec<String>,
    /// Whether the remarks are the result, for a person to look at.
    pub needs_review: bool,
    /// The highest severity that what was found can have, where it is less than that of the check.
    pub at_most: Option<Severity>,
    /// The clause that says SHOULD of what the advice asks for, where that is none of those that the check is about first.
    pub advised_by: Option<&'static str>,
}

impl Judgement {
    /// Adds what another judgement found.
    #[must_use]
    pub fn and(mut self, other: Judgement) -> Self {
        self.access.extend(other.access);
        self.protocol.extend(other.protocol);
        self.advice.extend(other.advice);
        self.open.extend(other.open);
        self.remarks.extend(other.remarks);
        self.not_applicable = self.not_applicable.or(other.not_applicable);
        self.needs_review |= other.needs_review;
        self.at_most = self.at_most.or(other.at_most);
        self.advised_by = self.advised_by.or(other.advised_by);
        self
    }

    /// Low at most, where each access that was granted is a slight one.
    #[must_use]
    pub fn low_where(mut self, is_slight: impl Fn(&Deviation) -> bool) -> Self {
        if self.access.iter().all(is_slight) {
            self.at_most = Some(Severity::Low);
        }
        self
    }

    /// Why nothing can be said of one answer; once, however often it is looked at.
    pub fn leaves_open(&mut self, why: String) {
        if !self.open.contains(&why) {
            self.open.push(why);
        }
    }

    /// A protocol deviation.
    pub fn deviates(&mut self, observation: usize, text: impl Into<Wording>, expected: impl Into<String>) {
        self.deviates_by(Explanation::Own, observation, text, expected);
    }

    /// A protocol deviation that shows more than what its check is about.
    pub fn deviates_by(
        &mut self,
        explanation: Explanation,
        observation: usize,
        text: impl Into<Wording>,
        expected: impl Into<String>,
    ) {
        self.protocol.push(text.into().shown_by(observation, expected, explanation));
    }

    /// A deviation from a recommendation beside a stronger requirement.
    pub fn advises(&mut self, observation: usize, text: impl Into<Wording>, expected: impl Into<String>) {
        self.advises_by(Explanation::Own, observation, text, expected);
    }

    /// The same where it shows more than what its check is about.
    pub fn advises_by(
        &mut self,
        explanation: Explanation,
        observation: usize,
        text: impl Into<Wording>,
        expected: impl Into<String>,
    ) {
        self.advice.push(text.into().shown_by(observation, expected, explanation));
    }

    /// A violation of the access part.
    pub fn violates(&mut self, observation: usize, text: impl Into<Wording>, expected: impl Into<String>) {
        self.violates_by(Explanation::Own, observation, text, expected);
    }

    /// A violation of the access part that shows more than what its check is about.
    pub fn violates_by(
        &mut self,
        explanation: Explanation,
        observation: usize,
        text: impl Into<Wording>,
        expected: impl Into<String>,
    ) {
        self.access.push(text.into().shown_by(observation, expected, explanation));
    }
}

impl<'a> ObservedCheck<'a> {
    /// The step that an observation belongs to.
    pub fn step_of(&self, observation: &Observation) -> &'static Step {
        &self.check.steps[observation.step]
    }

    /// Observations with their index.
    pub fn observations(&self) -> impl Iterator<Item = (usize, &'a Observation)> {
        self.evidence.observations.iter().enumerate()
    }

    /// Observations of steps that may go either way, with their index.
    pub fn lenient(&self) -> impl Iterator<Item = (usize, &'a Observation)> {
        let case = *self;
        self.observations().filter(move |(_, observation)| matches!(case.step_of(observation).wanted(), Want::Either))
    }

    /// Observations of one step with their index.
    pub fn observations_of(&self, step: StepId) -> impl Iterator<Item = (usize, &'a Observation)> {
        let case = *self;
        self.observations().filter(move |(_, observation)| case.step_of(observation).step_id() == Some(step))
    }

    /// Observations of one step at the place of another observation.
    pub fn beside(&self, observation: &'a Observation, step: StepId) -> impl Iterator<Item = (usize, &'a Observation)> {
        self.observations_of(step).filter(move |(_, other)| other.place == observation.place)
    }

    /// Answers to one step with their index.
    pub fn answers_of(&self, step: StepId) -> impl Iterator<Item = (usize, &'a Response)> {
        self.observations_of(step).filter_map(|(index, seen)| Some((index, seen.exchange.response()?)))
    }

    /// What is wrong with an answer, after what was sent.
    pub fn about(&self, index: usize, text: impl fmt::Display) -> Wording {
        let description = &self.evidence.observations[index].description;
        Wording { text: format!("{description}: {text}"), described: true }
    }

    /// All answers with their index.
    pub fn all_answers(&self) -> impl Iterator<Item = (usize, &'a Response)> {
        self.observations().filter_map(|(index, observation)| Some((index, observation.exchange.response()?)))
    }

    /// Answers to steps that want refusal and that were refused.
    pub fn refusals(&self) -> impl Iterator<Item = (usize, &'a Response)> {
        let case = *self;
        let wanted = move |observation: &Observation| matches!(case.step_of(observation).wanted(), Want::Denied(_));
        let refused = self.observations().filter(move |(_, seen)| wanted(seen) && seen.outcome == Outcome::Refused);
        refused.filter_map(|(index, observation)| Some((index, observation.exchange.response()?)))
    }

    /// The statuses of what a step accepts, for the reader.
    pub fn statuses(&self, accepts: &[Accept]) -> String {
        let mut text = String::new();
        let mut seen = std::collections::BTreeSet::new();
        for accept in accepts {
            let separator = if text.is_empty() { "" } else { ", " };
            match accept {
                Accept::Of(class) => {
                    for status in self.profile.statuses(*class) {
                        if seen.insert(*status) {
                            let separator = if text.is_empty() { "" } else { ", " };
                            let _ = write!(text, "{separator}{status}");
                        }
                    }
                }
                Accept::Status(status) if seen.insert(*status) => {
                    let _ = write!(text, "{separator}{status}");
                }
                Accept::Status(_) => {}
                Accept::Range(first, last) => {
                    let _ = write!(text, "{separator}{first} to {last}");
                }
                Accept::Closed => {
                    let _ = write!(text, "{separator}a closed connection");
                }
            }
        }
        text
    }

    /// Whether a step accepts this status.
    pub fn accepts(&self, accepts: &[Accept], status: u16) -> bool {
        accepts.iter().any(|accept| match accept {
            Accept::Of(class) => self.profile.statuses(*class).contains(&status),
            Accept::Status(other) => *other == status,
            Accept::Range(first, last) => (*first..=*last).contains(&status),
            Accept::Closed => false,
        })
    }

    /// Whether the status of a refusal is one that this check asks for. A declared refusal with another status than a
    /// client error is how the API asks for a credential: that is right where there was none.
    fn refuses(&self, accepts: &[Accept], status: u16) -> bool {
        let any = |accept: &Accept| *accept == MISSING || matches!(accept, Accept::Range(400, 499..));
        let asks = status < 400 && accepts.iter().any(any);
        self.check.any_refusal || asks || self.accepts(accepts, status)
    }

    /// Whether any probe was refused in so many words: beside it, a closed connection may be another way to refuse.
    pub(crate) fn refusal_seen(&self) -> bool {
        self.refusals().next().is_some()
    }

    /// Judges one observation against what its step wants.
    pub fn judge(&self, index: usize, judgement: &mut Judgement) {
        let step = self.step_of(&self.evidence.observations[index]);
        // what other checks have seen was judged there: what it means for the credential of then is another matter
        if matches!(step, Step::LookBack(_)) {
            return;
        }
        match self.is_used_up(index) {
            true => judgement.leaves_open(format!("{}: {USED_UP}", self.evidence.observations[index].description)),
            false => self.judge_as(index, step.wanted(), judgement),
        }
    }

    /// Judges one observation as if its step wanted this.
    pub fn judge_as(&self, index: usize, want: Want, judgement: &mut Judgement) {
        let observation = &self.evidence.observations[index];
        match want {
            Want::Denied(accepts) => self.judge_denied(index, accepts, judgement),
            Want::Granted => self.judge_granted(index, judgement),
            Want::Either => {
                if let Some(reason) = tells_nothing(observation) {
                    judgement.leaves_open(reason);
                } else if observation.outcome == Outcome::Unclear && observation.forgery.is_some() {
                    // whether a forgery may open something or not, its answer has to be one of the two
                    judgement.leaves_open(unclear(observation));
                }
            }
        }
    }

    fn judge_denied(&self, index: usize, accepts: &[Accept], judgement: &mut Judgement) {
        let observation = &self.evidence.observations[index];
        let statuses = self.statuses(accepts);
        let status = observation.exchange.status().unwrap_or_default();
        match observation.outcome {
            Outcome::Granted => {
                judgement.violates(index, self.about(index, granted(observation)), format!("refused {statuses}"));
            }
            // an alert of the handshake has no status that could be another one
            Outcome::Refused if observation.exchange.response().is_none() => {}
            Outcome::Refused if self.refuses(accepts, status) => {}
            Outcome::Refused => self.judge_status(index, accepts, status, judgement),
            // an answer that the check names is one, unless something protected is in it
            Outcome::Unclear if observation.clean && self.accepts(accepts, status) => {}
            Outcome::Unclear => judgement.leaves_open(unclear(observation)),
            Outcome::Silent if accepts.contains(&Accept::Closed) && closed(observation) && self.refusal_seen() => {
                if ends_a_process(observation) {
                    judgement.advises(index, self.about(index, ENDED), "refused, as others are");
                }
            }
            // what any parser can read may be refused so, and need not be
            Outcome::Silent if self.refusal_seen() && ends_a_process(observation) && has_plain_body(observation) => {
                judgement.advises_by(Explanation::ServerError, index, self.about(index, ENDED), statuses);
            }
            Outcome::Broke if self.accepts(accepts, status) => {}
            Outcome::Silent | Outcome::Broke => self.judge_breakage(index, &statuses, judgement),
        }
    }

    /// A refusal with another status than the profile has for its class. No RFC says MUST of these statuses (RFC 9110 §11.4
    /// and §15.5.4, RFC 6750 §3.1): that is for the profile to say, check by check.
    fn judge_status(&self, index: usize, accepts: &[Accept], status: u16, judgement: &mut Judgement) {
        let expected = format!("refused {}", self.statuses(accepts));
        let observation = &self.evidence.observations[index];
        let refused = match &observation.why {
            Some(why) => format!("refused with {status}: {why}"),
            None => format!("refused with {status}"),
        };
        let Some(class) = class_of(accepts) else {
            let text = self.about(index, refused);
            judgement.deviates(index, text, expected);
            return;
        };
        let (profile, own) = (self.profile.name(), self.profile.statuses(class));
        let text = match self.profile.takers(class, status) {
            Some(takers) => {
                let own = own.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
                self.about(index, format_args!("{refused}; profile {profile} expects {own} ({takers})"))
            }
            None => self.about(index, refused),
        };
        let explanation = Explanation::of_status(class);
        match self.profile.level_by(self.check.id) {
            Some((Level::Must, _)) => judgement.deviates_by(explanation, index, text, expected),
            _ => judgement.advises_by(explanation, index, text, expected),
        }
    }

    fn judge_granted(&self, index: usize, judgement: &mut Judgement) {
        let observation = &self.evidence.observations[index];
        match observation.outcome {
            Outcome::Granted => {}
            Outcome::Unclear => judgement.leaves_open(unclear(observation)),
            Outcome::Refused if self.is_groundwork(observation) => {
                let status = observation.exchange.status().unwrap_or_default();
                let description = &observation.description;
                judgement.leaves_open(format!("{description}: refused with {status}, before anything else was tried"));
            }
            Outcome::Refused => {
                let explanation = if self.check.control { Explanation::GoodRefused } else { Explanation::Own };
                judgement.violates_by(explanation, index, self.about(index, "access was refused"), "granted");
            }
            Outcome::Broke | Outcome::Silent => self.judge_breakage(index, "granted", judgement),
        }
    }

    /// A server error that comes again between passing controls is a deviation; anything else says nothing.
    fn judge_breakage(&self, index: usize, expected: &str, judgement: &mut Judgement) {
        let observation = &self.evidence.observations[index];
        if let Some(reason) = tells_nothing(observation) {
            judgement.leaves_open(reason);
            return;
        }
        let status = observation.exchange.status().unwrap_or_default();
        if observation.reproduced {
            let text = self.about(index, format_args!("the server breaks with {status}, each time"));
            judgement.deviates_by(Explanation::ServerError, index, text, expected);
        } else {
            let description = &observation.description;
            judgement.leaves_open(format!("{description}: the server broke with {status} once"));
        }
    }
}

/// That access was granted, and how it shows where the status does not say it.
fn granted(observation: &Observation) -> String {
    match &observation.why {
        Some(why) => {
            let status = observation.exchange.status().unwrap_or_default();
            format!("access was granted: the answer has status {status}, and {why}")
        }
        None => "access was granted".to_owned(),
    }
}

/// Says which of the two declarations would decide an answer that is neither a grant nor a refusal.
pub(crate) fn unclear(observation: &Observation) -> String {
    let status = observation.exchange.status().unwrap_or_default();
    let description = &observation.description;
    match &observation.why {
        Some(why) => format!("{description}: {why}"),
        None => format!("{description}: {status} is neither a recognised grant nor a recognised refusal"),
    }
}

/// The class of refusals that a step is about.
fn class_of(accepts: &[Accept]) -> Option<Class> {
    accepts.iter().find_map(|accept| match accept {
        Accept::Of(class) => Some(*class),
        _ => None,
    })
}
