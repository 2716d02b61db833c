//! Everything that one check saw.

use super::{AnswerSignature, Description, Exchange, ForgeryId, Outage, Outcome, SetCookie};

/// Where a request went, for the reader of a finding and for the judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A resource of the scenario, by its index.
    Resource(usize),
    /// The token endpoint (RFC 6749 §3.2).
    Token,
    /// The introspection endpoint (RFC 7662 §2).
    Introspection,
    /// The revocation endpoint (RFC 7009 §2).
    Revocation,
    /// A metadata document (RFC 8414 §3).
    Metadata,
    /// A request of a login.
    Login,
    /// Anything else, by its address.
    Elsewhere,
}

/// Who can use a refresh token of a client that authenticates, beside that client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokenUser {
    /// Whoever has it, by a refresh that is named: the client is not asked to prove who it is.
    Anybody(&'static str),
    /// Another client of the scenario.
    OtherClient,
}

/// What the mail of a password reset has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetMail {
    /// Index of the observation that asked for it.
    pub observation: usize,
    /// The hosts of its links.
    pub hosts: Vec<String>,
    /// Whether it came for what was asked.
    pub is_new: bool,
}

/// One step's exchange with its meaning.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Index of the step in the check.
    pub step: usize,
    /// Name of the credential that was sent, or that the forgery was made of; none of a request without.
    pub credential: Option<String>,
    /// The forgery that was sent, if it was one.
    pub forgery: Option<ForgeryId>,
    /// What was sent.
    pub description: Description,
    /// Where it went.
    pub place: Place,
    /// Request and answer.
    pub exchange: Exchange,
    /// What the answer means.
    pub outcome: Outcome,
    /// Why it means that, where status and outcome do not say it: what the body carries, what to declare.
    pub why: Option<String>,
    /// Whether the whole body was searched and nothing protected was in it.
    pub clean: bool,
    /// When the answer had come, in seconds since 1970 by the clock here.
    pub at: i64,
    /// For a server error: whether it came again when the request was repeated between passing controls.
    pub reproduced: bool,
}

#[cfg(test)]
impl Observation {
    /// What a test has seen at a resource: an exchange that was searched whole, and what it means.
    pub(crate) fn in_test(step: usize, exchange: Exchange, outcome: Outcome) -> Self {
        Self {
            step,
            credential: None,
            forgery: None,
            description: Description::new("a probe"),
            place: Place::Resource(0),
            exchange,
            outcome,
            why: None,
            clean: true,
            at: 0,
            reproduced: false,
        }
    }
}

impl Observation {
    /// Whether access was granted, or may have been: of a success that answers HEAD there is no content to recognise.
    pub fn may_be_granted(&self) -> bool {
        let status = self.exchange.status().unwrap_or_default();
        let is_head = self.outcome == Outcome::Unclear && self.exchange.request.method == "HEAD";
        self.outcome == Outcome::Granted || (is_head && (200..300).contains(&status))
    }
}

/// What is known of the authorization request of a login (RFC 6749 §4.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Its client.
    pub client_id: Option<String>,
    /// What an ID token has to repeat (OpenID Connect Core 1.0, section 2).
    pub nonce: Option<String>,
    /// The method of its code challenge, where it has one: `plain` unless it is named (RFC 7636 §4.3).
    pub challenge_method: Option<String>,
}

/// One run of a comparison of times, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimingRun {
    /// By how much the other kind takes longer, with its interval.
    pub difference: Effect,
    /// The same of the one kind against itself.
    pub control: Effect,
    /// Samples of each kind.
    pub samples: usize,
}

impl TimingRun {
    /// The least effect that is called one, in microseconds: less is not worth an attacker's while over a network.
    pub const LEAST_US: f64 = 20.0;

    /// In which direction the difference lies beyond the least effect and beyond what the A/A control shows: 1 where the other
    /// kind takes longer, -1 where it takes less time, 0 where neither can be told. A control that shows nothing may have a wide
    /// interval, for its kind scatters as it does in the difference: then the estimates count.
    pub fn direction(&self) -> i8 {
        const TIMES: f64 = 4.0;
        let (difference, control) = (&self.difference, &self.control);
        let direction = difference.beyond(Self::LEAST_US);
        let shows_nothing = control.low <= 0.0 && control.high >= 0.0;
        let is_clear = match direction {
            1 => difference.low > control.high,
            _ => difference.high < control.low,
        };
        let is_clear = is_clear || (shows_nothing && difference.value.abs() > TIMES * control.value.abs());
        if is_clear { direction } else { 0 }
    }

    /// Whether it shows neither an effect nor that there is none.
    pub fn is_undecided(&self) -> bool {
        self.direction() == 0 && self.difference.greatest() > Self::LEAST_US
    }
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Effect {
    /// In which direction the interval lies beyond a least effect, if it does.
    pub fn beyond(&self, least: f64) -> i8 {
        if self.low > least {
            1
        } else if self.high < -least {
            -1
        } else {
            0
        }
    }

    /// What it is at most, in either direction.
    pub fn greatest(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
}

/// A control: the same request with a good credential.
#[derive(Clone, Debug)]
pub struct ControlRun {
    /// Name of the credential that was sent, where it is one of the scenario.
    pub credential: Option<String>,
    /// What was sent.
    pub description: Description,
    /// Whether it ran before or after the probes.
    pub closing: bool,
    /// Request and answer.
    pub exchange: Exchange,
    /// What the answer means; anything but accepted breaks the check.
    pub outcome: Outcome,
    /// Whether the same was accepted before.
    pub was_accepted: bool,
}

/// What one check saw: probes between their controls.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The steps' exchanges in order.
    pub observations: Vec<Observation>,
    /// The controls around them.
    pub controls: Vec<ControlRun>,
    /// Set when a step could not be carried out, such as a token that was not obtained.
    pub obstacle: Option<String>,
    /// Set on a positive control that did not pass for a reason that says nothing about the target.
    pub unproven: Option<String>,
    /// Set when it turned out that a step cannot be carried out with what the scenario supplies.
    pub untestable: Option<String>,
    /// Set when the requirement makes no sense for the credentials of this target.
    pub not_applicable: Option<String>,
    /// Requests that a listener of authbench saw while the steps ran: their paths.
    pub callbacks: Vec<String>,
    /// How often the target fetched its key set from authbench while the steps ran, and how long they ran.
    pub key_fetches: Option<(usize, std::time::Duration)>,
    /// Whether the credential travels elsewhere than behind `Bearer` in `Authorization`, so that no Bearer challenge is due.
    pub in_own_place: bool,
    /// Whether the issuer's tokens are said to follow RFC 9068.
    pub claims_rfc9068: bool,
    /// The thumbprint of the key that token requests of checks prove, where tokens are bound to keys (RFC 9449 §6.1).
    pub proven_key: Option<String>,
    /// Whether a fetched key set verifies the token that was obtained before it.
    pub key_set_verifies: Option<bool>,
    /// What steps leave behind for people, such as a measured delay: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// User-ids that logins which had to fail were sent for, whichever of their requests had them.
    pub named_users: Vec<String>,
    /// Runs of comparisons of times.
    pub timings: Vec<TimingRun>,
    /// Values that were sent as credentials, to look for echoes.
    pub sent_secrets: Vec<crate::secret::Secret>,
    /// The issuer as it is configured, for metadata checks.
    pub issuer: Option<String>,
    /// The identifier of the resource as it is configured, for its metadata (RFC 9728 §1.2).
    pub resource_identifier: Option<String>,
    /// What a login asked for that ends with the use of an authorization code.
    pub authorization: Option<AuthorizationRequest>,
    /// The cookie that the session of a login is known by, where it is a cookie.
    pub session_cookie: Option<String>,
    /// The cookies that the browser holds after a login, as its answers set them.
    pub login_cookies: Vec<SetCookie>,
    /// Further cookies that the scenario names as credentials of logins.
    pub declared_cookies: Vec<String>,
    /// Whether a login of the scenario takes a credential from the body of an answer.
    pub login_bodies_have_credentials: bool,
    /// Whether the login within an open session was that of another identity.
    pub logs_in_as_another: bool,
    /// How long a token that is a JWT still lives at the logout of its login, or when its refusal begins to be waited for.
    pub self_contained: Option<std::time::Duration>,
    /// How long tokens live by the place of the answer that the scenario names for it, by the index of the observation.
    pub stated_lives: Vec<(usize, std::time::Duration)>,
    /// Mails of password resets.
    pub reset_mails: Vec<ResetMail>,
    /// How long it may, so that its use after the logout is a warning, and after the reuse of a refresh token is recorded only.
    pub self_contained_life: std::time::Duration,
    /// Whether a refresh left its refresh token as the one to use next.
    pub refresh_token_stays: bool,
    /// Whether the client authenticates at its refresh.
    pub refreshing_client_authenticates: bool,
    /// Who can use a refresh token of a client that authenticates, beside that client.
    pub refresh_token_user: Option<RefreshTokenUser>,
    /// Whether passwords were guessed for a user that nobody knows.
    pub guessed_at_nobody: bool,
    /// Whether the right password of the account is known that was guessed at, so that a lock of it is seen.
    pub locks_are_seen: bool,
    /// Whether the target is on this host, and may believe what comes from its own host alone.
    pub target_is_here: bool,
    /// How long it took until all of several guesses at the same time were answered.
    pub guessed_at_once: Option<std::time::Duration>,
    /// The thumbprint of the certificate of the client that asks the authorization server (RFC 8705 §3.1), where it has one.
    pub thumbprint: Option<String>,
    /// Whether the target is asked over TLS.
    pub over_tls: bool,
    /// The parameter of the query that carries the credential, where one does.
    pub credential_parameter: Option<String>,
    /// The cookie that carries the credential, where one does.
    pub credential_cookie: Option<String>,
    /// Whether the scenario says how long a token may live past its end.
    pub leeway_is_declared: bool,
    /// Whether the scenario has the key of the issuer, so that checks mint tokens.
    pub mints_tokens: bool,
    /// How long a token that was replaced may live on.
    pub rotation_overlap: std::time::Duration,
    /// How far the clocks of target and harness may lie apart.
    pub max_clock_skew: std::time::Duration,
    /// What the signatures of answers are worth, by the index of the observation, where the check asks for them.
    pub answer_signatures: Vec<(usize, AnswerSignature)>,
    /// Times in which the target answered nobody, where the check asks for them.
    pub outages: Vec<Outage>,
    /// Whether the target answered nobody for a time while the steps ran, whichever check sent what stopped it.
    pub was_interrupted: bool,
    /// Whether the check compares answers with each other: a start would differ from the whole of the same.
    pub compares_answers: bool,
    /// Bytes of the exchanges so far.
    pub kept: usize,
}

/// Bytes of exchanges that one check keeps whole; of further ones, the start of what is long.
const KEPT_WHOLE: usize = 1 << 19;
/// The same of a check that compares answers.
const KEPT_TO_COMPARE: usize = 1 << 23;

impl Evidence {
    /// Keeps what kept the check from its end, behind what did so before.
    pub fn add_obstacle(&mut self, why: String) {
        self.obstacle = Some(self.obstacle.take().map_or(why.clone(), |before| format!("{before}; {why}")));
    }

    /// Keeps what a step saw. What it means has been decided: a judgement and a report need far less than a body may have.
    pub fn observe(&mut self, mut observation: Observation) {
        self.bound(&mut observation.exchange);
        self.observations.push(observation);
    }

    /// Drops what steps saw from a place on: the same is sent again.
    pub fn forget_from(&mut self, at: usize) {
        self.observations.truncate(at);
        self.answer_signatures.retain(|(of, _)| *of < at);
    }

    /// Keeps a control.
    pub fn control(&mut self, mut run: ControlRun) {
        self.bound(&mut run.exchange);
        self.controls.push(run);
    }

    fn bound(&mut self, exchange: &mut Exchange) {
        let most = if self.compares_answers { KEPT_TO_COMPARE } else { KEPT_WHOLE };
        if self.kept.saturating_add(exchange.bytes()) > most {
            exchange.shorten();
        }
        self.kept = self.kept.saturating_add(exchange.bytes());
    }

    /// The first control that was not accepted.
    pub fn broken_control(&self) -> Option<&ControlRun> {
        self.controls.iter().find(|control| control.outcome != Outcome::Granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_clear_of_what_the_same_kind_shows_against_itself() {
        let effect = |(low, high): (f64, f64)| Effect { value: (low + high) / 2.0, low, high };
        for (difference, control, direction, is_undecided) in [
            ((30.0, 50.0), (-5.0, 5.0), 1, false),
            ((30.0, 50.0), (-5.0, 40.0), 0, true),
            ((-50.0, -30.0), (-5.0, 5.0), -1, false),
            ((-50.0, -30.0), (-35.0, 5.0), 0, true),
            ((5.0, 50.0), (-1.0, 1.0), 0, true),
            ((-15.0, 19.0), (-9.0, 8.0), 0, false),
            // a hash of a password, whose times scatter by half of what it takes
            ((-11_500.0, -3_700.0), (-5_700.0, 5_800.0), -1, false),
            ((-11_500.0, -3_700.0), (-5_700.0, 800.0), 0, true),
        ] {
            let run = TimingRun { difference: effect(difference), control: effect(control), samples: 60 };
            assert_eq!((run.direction(), run.is_undecided()), (direction, is_undecided), "{difference:?} {control:?}");
        }
    }
    use crate::observe::{Request, Response, Silence};

    #[test]
    fn a_check_keeps_little_of_many_large_answers_and_more_where_they_are_compared() {
        for (compares_answers, kept_whole, most) in [(false, 1, 5 << 20), (true, 26, 14 << 20)] {
            let evidence = after_large_answers(compares_answers);
            let is_whole = |run: &&ControlRun| run.exchange.response().is_some_and(|answer| !answer.truncated);
            assert_eq!(evidence.controls.iter().filter(is_whole).count(), kept_whole);
            assert!(evidence.kept < most, "{} bytes", evidence.kept);
        }
    }

    fn after_large_answers(compares_answers: bool) -> Evidence {
        let mut evidence = Evidence { compares_answers, ..Evidence::default() };
        for _ in 0..100 {
            let headers = vec![("Location".to_owned(), vec![b'l'; 60_000])];
            let answer = Ok(Response { status: 403, headers, body: vec![b'b'; 1 << 18], truncated: false });
            let exchange = Exchange { answer, ..Exchange::unanswered(Request::new("GET", "/"), Silence::Closed) };
            let (description, outcome) = (Description::new("a probe"), Outcome::Refused);
            evidence.control(ControlRun {
                credential: None,
                description,
                closing: false,
                exchange,
                outcome,
                was_accepted: false,
            });
        }
        evidence
    }
}
