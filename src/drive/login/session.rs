//! One login in progress, and what it holds.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::jar::{Jar, SentCookies};
use super::shown::{expected, succeeds};
use super::state::{LoginState, MissingValue};
use super::transcript::Transcript;
use super::turns::{Distance, is_break};
use super::{HeldCredential, LoginError, Logins, body};
use crate::clock;
use crate::drive::control::{ControlAnswer, ControlError, LONGEST_TOKEN, Renewals, Token, seconds};
use crate::observe::{Exchange, Request};
use crate::plan::login::{
    CredentialEnd, CredentialSource, LoginBody, LoginPart, LoginProcedure, LoginStep, LoginText, TokenPosition,
};
use crate::scheme::{CarrierPlace, Companion};
use crate::secret::Secret;
use crate::target::hook;

/// Numbers above this are milliseconds since 1970 and not seconds: as seconds they would be in the year 5138.
const MILLISECONDS: f64 = 1e11;
/// How often a request of a login is sent again to a target that asks for time.
const MOST_WAITS: u32 = 3;

/// A login of one identity: its cookies, its answers and the credential that they led to. A copy knows nothing of what is done
/// with the other.
#[derive(Clone)]
pub struct LoginSession {
    pub(super) procedure: Arc<LoginProcedure>,
    pub(super) state: LoginState,
    pub(super) held: Option<HeldCredential>,
    renewals: Renewals,
    failures: u32,
    /// Why the first of these failed.
    first_failure: Option<String>,
    transcript: Option<Transcript>,
    /// What is planted as the identifier of the session, where the server has set none before the request with the password.
    planted: Option<Secret>,
    /// The cookies of a session that is open when the login begins.
    within: Option<Jar>,
    /// What identified the session before the request of the login that carries the password, or its last one.
    before: Option<Secret>,
    /// What goes along with writes, as it was before that request; none where no answer had it by then.
    pub(super) earlier_lines: Option<Vec<Companion>>,
    /// Whether something may have ended it, such as a password change.
    perhaps_ended: bool,
    /// Whether it waits where the server asks for some time.
    patient: bool,
    /// How far its logins and refreshes keep from the others of the target.
    pub(super) distance: Distance,
    /// Which cookies its requests carry.
    pub(super) sent_cookies: SentCookies,
    /// The one-time code that its requests send, in place of the next one.
    pub(super) given_code: Option<Secret>,
    /// Whether it waits for the next one-time code however long the run has waited for others.
    pub(super) puts_back: bool,
}

impl LoginSession {
    pub(super) fn new(procedure: Arc<LoginProcedure>) -> Self {
        Self {
            procedure,
            state: LoginState::default(),
            held: None,
            renewals: Renewals::default(),
            failures: 0,
            first_failure: None,
            transcript: None,
            planted: None,
            within: None,
            before: None,
            earlier_lines: None,
            perhaps_ended: false,
            patient: false,
            distance: Distance::Any,
            sent_cookies: SentCookies::All,
            given_code: None,
            puts_back: false,
        }
    }

    pub(super) fn recording(self) -> Self {
        Self { transcript: Some(Transcript::default()), ..self }
    }

    /// The same, which waits where the server asks for some time (RFC 6585 §4), and keeps from other logins where it breaks otherwise.
    #[must_use]
    pub fn patiently(self) -> Self {
        Self { patient: true, distance: Distance::WhereNeeded, ..self }
    }

    /// The same, whose logins and refreshes keep as far as this from the others of the target.
    #[must_use]
    pub fn keeping(self, distance: Distance) -> Self {
        Self { distance, ..self }
    }

    /// How far they keep.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// The same of a login that puts something back which a check has changed: no bound on waits keeps it from its one-time code.
    pub(super) fn putting_back(self) -> Self {
        Self { puts_back: true, ..self.keeping(Distance::WhereNeeded) }
    }

    /// The same, with an identifier of the session that is sent along with the request of the login that carries the password,
    /// or its last one, where the server has set none until then.
    #[must_use]
    pub fn planting(self, identifier: Option<Secret>) -> Self {
        Self { planted: identifier, ..self }
    }

    /// The same, which begins with the cookies of a session that is open, as in a browser.
    #[must_use]
    pub fn within(self, open: &Self) -> Self {
        Self { within: Some(open.state.jar.clone()), ..self }
    }

    /// Whether it begins with the cookies of another session.
    pub fn is_within_another(&self) -> bool {
        self.within.is_some()
    }

    /// The same, whose logout comes from a page of another site; none where no link and no form could send it.
    #[must_use]
    pub fn with_foreign_logout(self) -> Option<Self> {
        let procedure = self.procedure.with_foreign_logout()?;
        Some(Self { procedure, ..self })
    }

    /// The same, whose forms are text; none where it has no form.
    #[must_use]
    pub fn with_foreign_logout_as_text(self) -> Option<Self> {
        let procedure = self.procedure.with_foreign_logout_as_text()?;
        Some(Self { procedure, ..self })
    }

    /// A copy whose logout has no cookie, and nothing that an answer of its login had; none where its address has.
    #[must_use]
    pub fn with_bare_logout(&self) -> Option<Self> {
        let procedure = self.procedure.with_bare_logout()?;
        Some(Self { procedure, ..self.without_cookies() })
    }

    /// The same, whose logout is a link on a page of another site; none where only the site itself knows its address.
    #[must_use]
    pub fn with_logout_link(self) -> Option<Self> {
        let procedure = self.procedure.with_logout_link()?;
        Some(Self { procedure, ..self })
    }

    /// What identified the session before the request of the login that carries the password, or its last one.
    pub fn identifier_before(&self) -> Option<&Secret> {
        self.before.as_ref()
    }

    /// Failed logins in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Why the first of them failed.
    pub(super) fn first_failure(&self) -> Option<String> {
        self.first_failure.clone()
    }

    /// What the cookie of the credential holds now, where there is one.
    pub fn cookie_left(&self) -> Option<Secret> {
        let cookie = self.state.jar.get(self.procedure.cookie()?)?;
        Some(cookie.value.clone()).filter(|value| !value.expose().is_empty())
    }

    /// How it logs in.
    pub fn procedure(&self) -> &LoginProcedure {
        &self.procedure
    }

    /// What was sent and came since the last login, refresh or logout began.
    pub fn exchanges(&self) -> &[Exchange] {
        self.transcript.as_ref().map(Transcript::exchanges).unwrap_or_default()
    }

    /// Adds what was sent beside its requests and what came.
    pub(super) fn add(&mut self, exchange: Exchange) {
        self.transcript.iter_mut().for_each(|transcript| transcript.add(exchange.clone()));
    }

    pub(super) fn begin(&mut self) {
        self.transcript.iter_mut().for_each(Transcript::clear);
    }

    /// What it holds.
    pub fn held(&self) -> Option<&HeldCredential> {
        self.held.as_ref()
    }

    /// Holds another credential in place of that.
    pub(super) fn have(&mut self, held: HeldCredential) {
        self.held = Some(held);
    }

    /// When it is tried again after a renewal that failed.
    pub fn retry(&mut self) -> Instant {
        self.renewals.retry()
    }

    /// A new credential, refreshed where that is possible, and when the next one is due.
    ///
    /// # Errors
    /// When the login fails.
    pub async fn renewed(&mut self, logins: &Logins) -> Result<(HeldCredential, Instant), ControlError> {
        let turn = logins.turn(self.distance).await;
        turn.end(Box::pin(self.renewed_now(logins)).await)
    }

    async fn renewed_now(&mut self, logins: &Logins) -> Result<(HeldCredential, Instant), ControlError> {
        let most = self.procedure.most_failures.max(1);
        if self.failures >= most {
            return Err(LoginError::TooManyFailures { most, first: self.first_failure.clone() }.into());
        }
        let obtained = match self.refreshed(logins).await {
            Some(token) => Ok(token),
            None => self.logged_in(logins).await,
        };
        match obtained {
            Ok(token) => {
                self.failures = 0;
                self.first_failure = None;
                let until = self.renewals.next(&token);
                let held = self.hold(logins, token)?;
                self.held = Some(held.clone());
                Ok((held, until))
            }
            Err(error) => {
                if may_lock(&error) {
                    self.failures += 1;
                    self.first_failure.get_or_insert_with(|| error.to_string());
                }
                Err(error)
            }
        }
    }

    /// The same of a login that is meant to succeed: where the server asks for some time, it is given that, and where it breaks, it
    /// is asked once more in another second.
    ///
    /// # Errors
    /// When the login fails.
    pub async fn renewed_patiently(&mut self, logins: &Logins) -> Result<(HeldCredential, Instant), ControlError> {
        self.patient = true;
        match self.renewed(logins).await {
            Err(error) if is_break(&error) => {
                let usual = std::mem::replace(&mut self.distance, Distance::Always);
                let again = self.renewed(logins).await;
                self.distance = usual;
                again
            }
            ended => ended,
        }
    }

    /// Forgets what came of a login before.
    pub(super) fn start_over(&mut self) {
        self.state = LoginState::default();
        self.held = None;
        self.begin();
        if let Some(open) = &self.within {
            self.state.jar = open.clone();
        }
    }

    async fn logged_in(&mut self, logins: &Logins) -> Result<Token, ControlError> {
        let procedure = self.procedure.clone();
        self.start_over();
        let mut asked = clock::now();
        match &procedure.source {
            CredentialSource::Forbidden(program) => {
                let why = format!("--no-command or --untrusted forbids starting {program}");
                return Err(LoginError::Command(why).into());
            }
            CredentialSource::Command { argv, env } => {
                let printed = hook::call(&logins.spawner, (argv, &[]), env, "").await;
                let printed = printed.map_err(|error| LoginError::Command(error.to_string()))?;
                let headers = Vec::new();
                let printed = ControlAnswer { status: 200, headers, body: printed, took: Default::default() };
                self.state.take(printed, None);
            }
            CredentialSource::Requests(steps) => asked = self.requests(logins, steps).await?,
        }
        let value = self.value()?;
        Ok(self.token(value, asked)?)
    }

    /// Sends requests of the login in their order; when the last one was sent.
    pub(super) async fn requests(&mut self, logins: &Logins, steps: &[LoginStep]) -> Result<Instant, ControlError> {
        // what follows the password may only confirm it: the session is the user's by then
        let with_password = |step: &LoginStep| step.parts().any(|part| matches!(part, LoginPart::Password));
        let decisive = steps.iter().position(with_password).unwrap_or(steps.len().saturating_sub(1));
        let mut asked = clock::now();
        for (at, step) in steps.iter().enumerate() {
            let name = if steps.len() == 1 { "the request".to_owned() } else { format!("request {}", at + 1) };
            if at == decisive {
                self.plant();
                self.earlier_lines = self.write_lines().ok();
            }
            asked = clock::now();
            match self.step(logins, step, &name).await {
                // whoever is logged in already may get no form, and is logged in again without it
                Err(ControlError::Login(LoginError::Refused { status: 400..500, .. }))
                    if at < decisive && step.body.is_none() && self.is_within_another() => {}
                sent => sent?,
            }
        }
        Ok(asked)
    }

    /// Notes what identifies the session, and plants something where nothing does.
    fn plant(&mut self) {
        let Some(name) = self.procedure.cookie().map(str::to_owned) else { return };
        if let (None, Some(planted)) = (self.state.jar.get(&name), &self.planted) {
            self.state.jar.put(&name, planted.clone());
        }
        self.before = self.state.jar.get(&name).map(|cookie| cookie.value.clone());
    }

    /// The credential that the last answer has.
    pub(super) fn value(&self) -> Result<Secret, LoginError> {
        let position = self.procedure.token.clone().unwrap_or_else(default_position);
        if let Some(found) = self.state.credential(&position) {
            return Ok(found);
        }
        let is_command = matches!(self.procedure.source, CredentialSource::Command { .. });
        let printed = self.state.latest().map(|answer| String::from_utf8_lossy(&answer.body).trim().to_owned());
        match printed
            .filter(|text| is_command && self.procedure.token.is_none() && !text.is_empty() && !text.starts_with('{'))
        {
            Some(text) => Ok(Secret::new(text)),
            None => Err(LoginError::NoToken(match position {
                TokenPosition::Pointer(pointer) => format!("JSON value {pointer}; name its place with `token`"),
                TokenPosition::Header(name) => format!("header {name}"),
                TokenPosition::Cookie(name) => format!("cookie {name}"),
            })),
        }
    }

    /// A token with its end.
    pub(super) fn token(&mut self, value: Secret, asked: Instant) -> Result<Token, LoginError> {
        if value.has_control_characters() {
            return Err(LoginError::ControlCharacter);
        }
        if value.expose().len() > LONGEST_TOKEN {
            return Err(LoginError::TooLong(value.expose().len()));
        }
        self.state.token = Some(value.clone());
        let took = clock::now().saturating_duration_since(asked);
        let number = |pointer: &str| self.state.pointed(pointer).as_ref().and_then(number_of);
        let server_time = self.state.latest().and_then(ControlAnswer::server_time);
        let living = |lifetime: Option<f64>| Token::living(value.clone(), asked, took, lifetime.map(seconds));
        Ok(match &self.procedure.end {
            CredentialEnd::InSeconds(pointer) => living(number(pointer)),
            CredentialEnd::InMilliseconds(pointer) => living(number(pointer).map(|length| length / 1e3)),
            CredentialEnd::At(pointer) => {
                let end = self.state.pointed(pointer).as_ref().and_then(time_of);
                end.map_or_else(|| living(None), |end| living(None).ending_at(end, server_time))
            }
            CredentialEnd::After(length) => living(Some(length.as_secs_f64())),
            CredentialEnd::Never => living(Some(f64::MAX)),
            CredentialEnd::AsAnswered => {
                let lifetime = number("/expires_in").or_else(|| self.cookie_lifetime());
                let token = living(lifetime);
                if lifetime.is_none() || server_time.is_some() { token.with_own_end(server_time) } else { token }
            }
        })
    }

    /// How long the cookie lasts that is the credential, as the server set it (RFC 6265 §5.2.2).
    fn cookie_lifetime(&self) -> Option<f64> {
        self.state.jar.get(self.procedure.cookie()?)?.max_age
    }

    /// What is held with a token, and what travels beside it.
    pub(super) fn hold(&self, logins: &Logins, token: Token) -> Result<HeldCredential, LoginError> {
        let procedure = &self.procedure;
        let mut companions = Vec::new();
        let place = procedure.refreshed.as_ref().or(procedure.token.as_ref());
        if let Some(TokenPosition::Cookie(own)) = place.or(procedure.token.as_ref()) {
            let travels = |name: &String| procedure.cookies.as_ref().is_none_or(|named| named.contains(name));
            let others = self.state.jar.all().iter().filter(|cookie| cookie.name != *own && travels(&cookie.name));
            companions.extend(others.map(|cookie| Companion {
                place: CarrierPlace::Cookie(cookie.name.clone()),
                value: cookie.value.clone(),
                path: cookie.path.clone(),
                writes_only: false,
                with_reads: false,
            }));
        }
        companions.extend(self.write_lines()?);
        let proof = logins.scheme.held(&token.value, &procedure.account.0);
        Ok(HeldCredential { proof, companions, token: Some(token), connection: None })
    }

    /// Whether there is something to end, and the scenario says how.
    pub(super) fn has_logout(&self) -> bool {
        self.held.is_some() && !self.procedure.logout.is_empty()
    }

    /// Ends the session, where the scenario says how.
    ///
    /// # Errors
    /// When a request is not answered as a success.
    pub async fn log_out(&mut self, logins: &Logins) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        let ends = self.has_logout();
        self.held = None;
        if !ends {
            return Ok(());
        }
        self.begin();
        for (at, step) in procedure.logout.iter().enumerate() {
            let name = if at == 0 { "the logout".to_owned() } else { format!("request {} of the logout", at + 1) };
            // who asks to be logged out changes state like any other: an application that wants a CSRF token wants it here
            self.step(logins, &procedure.as_write(step), &name).await?;
        }
        Ok(())
    }

    /// Gives its user another password, where the scenario says how.
    ///
    /// # Errors
    /// When a request is not answered as a success.
    pub(super) async fn change_password(&mut self, logins: &Logins, new: Secret) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        self.begin();
        self.state.new_password = Some(new);
        for (at, step) in procedure.password_change.iter().enumerate() {
            let name = format!("request {} of the password change", at + 1);
            self.step(logins, &procedure.as_write(step), &name).await?;
        }
        Ok(())
    }

    /// Notes that something may have ended it: then a logout that is refused is no mistake.
    pub fn may_have_ended(&mut self) {
        self.perhaps_ended = true;
    }

    /// Whether something may have ended it.
    pub(super) fn is_perhaps_ended(&self) -> bool {
        self.perhaps_ended
    }

    /// Sends one request and takes its answer.
    pub(super) async fn step(&mut self, logins: &Logins, step: &LoginStep, what: &str) -> Result<(), ControlError> {
        self.take_code(logins, step).await?;
        let (url, name) = self.address(&logins.base, step, what)?;
        let account = &self.procedure.account;
        let without = |missing: MissingValue| missing.of(&name, self.error_to_client(&logins.base));
        let fill = |text: &LoginText| self.state.filled(text, account).map_err(without);
        let mut headers = Vec::new();
        // to another server no browser sends it
        let is_own = url.origin() == logins.base.origin();
        let own = logins.cookie.as_deref().filter(|_| is_own).and_then(|name| self.credential_cookie(name));
        let cookies: Vec<String> = own.into_iter().chain(self.cookie_field(url.path())).collect();
        if !cookies.is_empty() {
            let cookies = cookies.join("; ");
            headers.push(("Cookie".to_owned(), cookies.into_bytes()));
        }
        for (header, text) in &step.headers {
            headers.push((header.clone(), fill(text)?.expose().as_bytes().to_vec()));
        }
        if let Some((user, password)) = &step.basic {
            use base64::Engine as _;
            let pair = format!("{}:{}", fill(user)?.expose(), fill(password)?.expose());
            let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
            headers.push(("Authorization".to_owned(), value.into_bytes()));
        }
        // a client authenticates in a field, or in the form beside its own fields
        let mut filled = |fields: &[(String, LoginText)]| -> Result<Vec<(String, String)>, ControlError> {
            let mut form = Vec::new();
            for (field, text) in fields {
                form.push((field.clone(), fill(text)?.expose().to_owned()));
            }
            if let Some((client, method)) = &step.client {
                let audience = step.assertion_audience.as_deref().unwrap_or(url.as_str());
                headers.extend(logins.control.client_authentication(client, *method, &mut form, Some(audience))?);
            }
            Ok(form)
        };
        let body = match &step.body {
            None => None,
            Some(LoginBody::Json(json)) => {
                let json = self.state.filled_json(json, account);
                let json = json.map_err(without)?;
                Some((step.media.unwrap_or("application/json"), json.to_string().into_bytes()))
            }
            Some(LoginBody::Form(fields)) => {
                let media = step.media.unwrap_or("application/x-www-form-urlencoded");
                Some((media, body::urlencoded(&filled(fields)?)))
            }
            Some(LoginBody::Malformed(own)) => Some((own.media, body::malformed(own, &filled(&own.fields)?))),
        };
        if headers.iter().any(|(_, value)| value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')) {
            return Err(LoginError::ControlCharacter.into());
        }
        let addresses = (&url, &logins.base);
        let note = self.transcript.as_ref().map(|_| {
            let shown = body.as_ref().map(|(media, bytes)| (*media, self.without_code(bytes)));
            let request = Transcript::request(step.method, addresses, &headers, shown.as_ref());
            Request { codes: self.codes_in(step), ..request }
        });
        let mut began = clock::now();
        let mut answer = logins.control.exchange(step.method, url.clone(), &headers, body.clone()).await;
        // RFC 6585 §4: too many for now, which says nothing about the password; other logins may have used up what was left by then
        let mut waits = if self.patient { MOST_WAITS } else { 0 };
        while let Some(wait) = answer.as_ref().ok().filter(|_| waits > 0).and_then(ControlAnswer::wait_before_another) {
            waits -= 1;
            tokio::time::sleep(wait).await;
            began = clock::now();
            answer = logins.control.exchange(step.method, url.clone(), &headers, body.clone()).await;
        }
        if let (Some(transcript), Some(request)) = (&mut self.transcript, note) {
            transcript.take(request, &answer, clock::now() - began);
        }
        let answer = answer?;
        let success = step.success.as_ref();
        if !success.map_or(answer.status < 400, |declared| succeeds(&answer, declared)) {
            return Err(LoginError::Refused {
                step: name,
                status: answer.status,
                answer: self.shown(&answer),
                expected: expected(success),
            }
            .into());
        }
        self.state.take(answer, Some(url));
        Ok(())
    }
}

/// Whether a login that failed may count towards the locking of an account: what did not answer has locked nothing.
pub(super) fn may_lock(error: &ControlError) -> bool {
    matches!(error, ControlError::Login(error) if error.may_lock())
}

/// RFC 6749 §5.1.
pub(super) fn default_position() -> TokenPosition {
    TokenPosition::Pointer("/access_token".to_owned())
}

/// A number, also where it is written as text.
fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

/// A point in time in seconds since 1970: a number of seconds or milliseconds, or RFC 3339.
fn time_of(value: &Value) -> Option<f64> {
    if let Some(number) = number_of(value) {
        return Some(if number > MILLISECONDS { number / 1e3 } else { number });
    }
    let time: jiff::Timestamp = value.as_str()?.trim().parse().ok()?;
    Some(time.as_millisecond() as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_is_read_however_it_is_written() {
        for (value, expected) in [
            (serde_json::json!(1_700_000_000), Some(1_700_000_000.0)),
            (serde_json::json!(1_700_000_000_500_u64), Some(1_700_000_000.5)),
            (serde_json::json!("1700000000"), Some(1_700_000_000.0)),
            (serde_json::json!("2023-11-14T22:13:20Z"), Some(1_700_000_000.0)),
            (serde_json::json!("2023-11-14T23:13:20.250+01:00"), Some(1_700_000_000.25)),
            (serde_json::json!("tomorrow"), None),
            (serde_json::json!(null), None),
        ] {
            assert_eq!(time_of(&value), expected, "{value}");
        }
    }
}
