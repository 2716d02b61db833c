//! Cookies of logins that come back changed.

use std::collections::BTreeSet;

use super::noting::note;
use super::resource::may_be_an_accident;
use super::session::started;
use super::told::{Told, granted, led_elsewhere, refused};
use super::{Credential, Halt, Stage};
use crate::check::step::{CookieAttribute, NoSession, SessionAct, Step};
use crate::clock;
use crate::drive::login::{HeldCredential, LoginSession};
use crate::drive::probe::values;
use crate::observe::{
    Description, Evidence, Exchange, Observation, Outcome, Place, Request, Response, SetCookie, meaning_of_status,
};
use crate::plan::Action;
use crate::scheme::{Carried, CarrierPlace, Companion, Proof, Renaming, forged_value, is_below};
use crate::secret::Secret;

/// Why no cookie can be changed to that of another user.
const NO_NAME: &str = "no cookie of the login has the name, or the number, of its user where it can be read";
/// Why no logout has a cookie that nobody was given.
const NO_COOKIE: &str = "the login holds no cookie of a session";
const UNFORGED: &str = "no other value could be made of the cookie of the session";
/// Changed sessions that are tried.
const MOST_FORMS: usize = 8;
/// Cookies of a login, and values of one, that are tried.
const MOST_COOKIES: usize = 4;

/// Values that parsers may choke on, each with what it is.
const MALFORMED: [(&str, &str); 9] = [
    ("a word", "zzz"),
    ("a percent sign that encodes nothing", "%"),
    ("NUL, percent-encoded", "%00"),
    ("bytes that are no UTF-8, percent-encoded", "%ff%fe"),
    ("a quotation mark", "\""),
    ("Base64 of bytes that are no UTF-8", "//79/A=="),
    ("a brace", "{"),
    ("an address that does not parse", "http://["),
    ("no value", ""),
];
/// Bytes of a long value: what one cookie may have (RFC 6265 §6.1).
const LONG: usize = 4096;

/// The values that cookies get that do not parse.
fn malformed() -> impl Iterator<Item = (&'static str, String)> {
    let plain = MALFORMED.into_iter().map(|(what, value)| (what, value.to_owned()));
    plain.chain([("4,096 characters", "a".repeat(LONG))])
}

impl Stage<'_> {
    /// What an identity holds, with the name of another in one of its cookies: one for each way to write it.
    pub(super) fn named_as_another(
        &self,
        identities: [usize; 2],
        held: &[HeldCredential; 2],
    ) -> Result<Vec<HeldCredential>, Halt> {
        let subject = self.prober.subject();
        let names = identities.map(|at| subject.identities[at].account_name().unwrap_or_default());
        let renaming = Renaming::new(&names[0], &names[1]);
        let [own, other] = held;
        let mut forms: Vec<HeldCredential> = renaming
            .forms(own.proof.secret(), Some(other.proof.secret()))
            .into_iter()
            .map(|value| HeldCredential { proof: Proof::Token(Secret::new(value)), ..own.clone() })
            .collect();
        for (at, cookie) in own.companions.iter().enumerate().filter(|(_, one)| is_cookie(one)) {
            let of_other = other.companions.iter().find(|one| one.place == cookie.place);
            let of_other = of_other.map(|one| one.value.expose());
            for value in renaming.forms(cookie.value.expose(), of_other) {
                let mut changed = own.clone();
                changed.companions[at].value = Secret::new(value);
                forms.push(changed);
            }
        }
        forms.truncate(MOST_FORMS);
        match forms.is_empty() {
            true => Err(Halt::Inapplicable(NO_NAME.to_owned())),
            false => Ok(forms),
        }
    }

    /// What travels beside the session in a slot, with a value that does not parse in each cookie but that of the session.
    pub(super) fn malformed_companions(&self, slot: &str) -> Result<Vec<(Description, Vec<Companion>)>, Halt> {
        let session = &self.kept_session(slot)?.session;
        let own = session.procedure().cookie().map(str::to_owned);
        let held = self.kept(slot)?.companions.clone();
        let others = session.cookies().filter(|(name, ..)| Some(*name) != own.as_deref());
        let mut changed = Vec::new();
        for (name, _, path) in others.take(MOST_COOKIES) {
            let place = CarrierPlace::Cookie(name.to_owned());
            for (what, value) in malformed() {
                let mut companions: Vec<Companion> = held.iter().filter(|one| one.place != place).cloned().collect();
                companions.push(Companion {
                    place: place.clone(),
                    value: Secret::new(value),
                    path: path.map(str::to_owned),
                    writes_only: false,
                    with_reads: false,
                });
                changed.push((Description::new(format!("{what} as the cookie {name}")), companions));
            }
        }
        Ok(changed)
    }

    /// The page of a login with the cookies of a session, each of which gets values that do not parse.
    pub(super) async fn page_with_malformed_cookies(
        &mut self,
        action: &Action,
        slot: &str,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let session = &self.kept_session(slot)?.session;
        let Some(page) = session.procedure().page() else { return Ok(()) };
        let path = page.split('?').next().unwrap_or_default().to_owned();
        let here = session.cookies().filter(|(_, _, own)| own.is_none_or(|own| is_below(own, &path)));
        let cookies: Vec<(String, String)> =
            here.map(|(name, value, _)| (name.to_owned(), value.expose().to_owned())).collect();
        let bare = self.prober.plain_request("GET", &page, &[]);
        for changed in 0..cookies.len().min(MOST_COOKIES) {
            for (what, value) in malformed() {
                super::in_time()?;
                let mut request = bare.clone();
                for (at, (name, own)) in cookies.iter().enumerate() {
                    let place = CarrierPlace::Cookie(name.clone());
                    Carried::new(&place, if at == changed { &value } else { own }).apply(&mut request);
                }
                let mut exchange = self.prober.send_at(&self.prober.equipment.base, &request).await;
                let meaning = |status: Option<u16>| status.map_or(Outcome::Silent, meaning_of_status);
                let mut outcome = meaning(exchange.status());
                let mut reproduced = false;
                if may_be_an_accident(outcome) {
                    let again = self.prober.send_at(&self.prober.equipment.base, &request).await;
                    reproduced = meaning(again.status()) == outcome;
                    if !reproduced {
                        (outcome, exchange) = (meaning(again.status()), again);
                    }
                }
                let name = &cookies[changed].0;
                evidence.observe(Observation {
                    step: action.step,
                    credential: None,
                    forgery: None,
                    description: Description::new(format!("the page of the login with {what} as the cookie {name}")),
                    place: Place::Login,
                    exchange,
                    outcome,
                    why: None,
                    clean: true,
                    at: clock::unix_seconds(),
                    reproduced,
                });
            }
        }
        Ok(())
    }

    /// The logout of a session as somebody sends it who has none, and whether its answer is a server error that comes again.
    pub(super) async fn log_out_without_session(
        &mut self,
        slot: &str,
        without: NoSession,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let session = match without {
            NoSession::NoCookie => self.kept_session(slot)?.session.without_cookies(),
            NoSession::NoCredential => {
                let bare = self.kept_session(slot)?.session.with_bare_logout();
                bare.ok_or_else(|| Halt::Untestable("the address of the logout comes from an answer".to_owned()))?
            }
            NoSession::UnknownCookie => {
                let own = self.kept_session(slot)?.session.cookie_left();
                let own = own.ok_or_else(|| Halt::Untestable(NO_COOKIE.to_owned()))?;
                let unknown = forged_value("unknown", own.expose(), &mut self.rng);
                let unknown = unknown.ok_or_else(|| Halt::Untestable(UNFORGED.to_owned()))?;
                self.kept_session(slot)?.session.with_session_cookie(Secret::new(unknown))
            }
        };
        // a logout may name its session elsewhere, too
        started(&mut self.sessions, slot)?.session.may_have_ended();
        let is_broken = |told: &Told| told.exchange.status().is_some_and(|status| status >= 500);
        let told = self.sent_logout(session.clone(), evidence).await?;
        if !is_broken(&told) || self.prober.outages.are_caused_by(&told.exchange.request) {
            return Ok((told, false));
        }
        let again = self.sent_logout(session, evidence).await?;
        let same = is_broken(&again);
        Ok((if same { told } else { again }, same))
    }

    /// The logout of a session as a page of another site makes a browser send it that keeps its cookies back; none where no such
    /// page can.
    pub(super) async fn log_out_from_foreign_page_bare(
        &mut self,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Option<Told>, Halt> {
        match self.kept_session(slot)?.session.without_cookies().with_foreign_logout() {
            Some(session) => self.sent_logout(session, evidence).await.map(Some),
            None => Ok(None),
        }
    }

    async fn sent_logout(&self, mut session: LoginSession, evidence: &mut Evidence) -> Result<Told, Halt> {
        let ended = session.log_out(&self.prober.equipment.logins).await;
        note(session.exchanges(), session.procedure(), evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        self.prober.pulse_after_login(session.exchanges()).await;
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok(()) => Ok(granted(exchange)),
            // whoever has no session may get no page with what the next request needs
            Err(error) => led_elsewhere(&error, exchange),
        }
    }

    /// Notes where the scenario says that logins have their credentials, beside one cookie.
    pub(super) fn note_declared(&self, own: Option<&str>, evidence: &mut Evidence) {
        let subject = self.prober.subject();
        let procedures = || (0..subject.identities.len()).filter_map(|at| subject.procedure_of(at));
        let named = procedures().flat_map(|login| login.credential_cookies()).filter(|name| Some(*name) != own);
        evidence.declared_cookies = named.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect();
        evidence.login_bodies_have_credentials = procedures().any(|login| login.has_credential_in_body());
    }

    /// Each other cookie of the session in a slot that was set without an attribute, goes to where the request goes, and opened
    /// nothing so far.
    pub(super) fn unguarded_cookies(
        &self,
        slot: &str,
        attribute: CookieAttribute,
        request: &Request,
        evidence: &Evidence,
    ) -> Result<Vec<Credential>, Halt> {
        let path = String::from_utf8_lossy(&request.target);
        let unguarded = self.unguarded(slot, attribute, evidence)?;
        let here = |name: &String| {
            let held = self.kept_session(slot).ok()?.session.cookies();
            let held = held.filter(|(_, _, below)| below.is_none_or(|below| is_below(below, &path)));
            held.filter(|(own, ..)| *own == name.as_str()).last().map(|(_, value, _)| value.clone())
        };
        let credential = |(name, value): (String, Secret)| Credential {
            description: Some(Description::new(format!("the cookie {name}"))),
            carried: vec![Carried::new(&CarrierPlace::Cookie(name), value.expose())],
            ..Credential::default()
        };
        let unguarded = unguarded.into_iter().filter_map(|name| here(&name).map(|value| (name, value)));
        Ok(unguarded.map(credential).collect())
    }

    /// The names of those cookies.
    fn unguarded(&self, slot: &str, attribute: CookieAttribute, evidence: &Evidence) -> Result<Vec<String>, Halt> {
        // without TLS, none has Secure
        if attribute == CookieAttribute::Secure && !evidence.over_tls {
            return Ok(Vec::new());
        }
        let own = self.kept_session(slot)?.session.procedure().cookie();
        let mut names: Vec<String> = Vec::new();
        for set in evidence.login_cookies.iter().filter(|set| Some(set.name.as_str()) != own) {
            names.retain(|name| *name != set.name);
            if attribute.is_missed_by(set) {
                names.push(set.name.clone());
            }
        }
        names.truncate(MOST_COOKIES);
        let granted = || evidence.observations.iter().filter(|seen| seen.outcome == Outcome::Granted);
        names.retain(|name| !granted().any(|seen| is_alone(&seen.exchange.request, name)));
        Ok(names)
    }

    /// The refresh of a session by each of those cookies, by itself.
    pub(super) async fn refresh_by_cookies(
        &mut self,
        action: &Action,
        slot: &'static str,
        attribute: CookieAttribute,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let names = self.unguarded(slot, attribute, evidence)?;
        if names.is_empty() {
            return Ok(());
        }
        let kept = started(&mut self.sessions, slot)?;
        // a server may take it for a theft, and end the session
        kept.session.may_have_ended();
        let session = kept.session.clone();
        let without = self.refreshed_by(session.without_cookies(), evidence).await?;
        if without.outcome == Outcome::Granted {
            return Ok(());
        }
        for name in names {
            super::in_time()?;
            let told = self.refreshed_by(session.with_cookie_alone(&name), evidence).await?;
            // of another path, it did not go along
            if is_alone(&told.exchange.request, &name) {
                told.observe(action, Place::Login, evidence);
            }
        }
        Ok(())
    }

    /// A refresh, whose new credential is tried; one that gives none has refused it.
    async fn refreshed_by(&self, mut session: LoginSession, evidence: &mut Evidence) -> Result<Told, Halt> {
        let before = session.cookie_left();
        let ended = session.refreshed_patiently(&self.prober.equipment.logins, true).await;
        note(session.exchanges(), session.procedure(), evidence);
        self.prober.pulse_after_login(session.exchanges()).await;
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok(_) if session.cookie_left() == before => Ok(Told { outcome: Outcome::Refused, ..granted(exchange) }),
            Ok(held) => {
                values::note_text(held.proof.secret(), evidence);
                let told = self.opened(self.prober.without_others(held), exchange, evidence).await;
                self.prober.equipment.logins.give_back(session);
                Ok(told)
            }
            Err(error) => refused(&error, exchange),
        }
    }

    /// What is left of a session after its end: each cookie that an answer set which granted access by then, by itself, and the other
    /// cookies of its login. What was set last comes first: a cookie that comes again may end those that took its place.
    pub(super) fn other_cookies(&self, slot: &str) -> Result<Vec<Credential>, Halt> {
        let kept = self.kept(slot)?;
        let given = kept.given.iter().take(MOST_COOKIES).map(|set| Credential {
            description: Some(Description::new(format!(
                "the cookie {}, set by an answer that granted access",
                set.name
            ))),
            carried: vec![Carried::new(&CarrierPlace::Cookie(set.name.clone()), set.value.expose())],
            ..Credential::default()
        });
        let others = Some(kept.others.clone()).filter(|others| !others.is_empty());
        let others = others.map(|companions| Credential { companions, ..Credential::default() });
        Ok(given.chain(others).collect())
    }

    /// Each other value that answers gave the cookie of a session after its logout, in place of its own; before it, too, where its
    /// own was good for another request after that.
    pub(super) fn renewed_cookies(&self, slot: &str, evidence: &Evidence) -> Result<Vec<Credential>, Halt> {
        let session = &self.kept_session(slot)?.session;
        let Some(name) = session.procedure().cookie() else { return Ok(Vec::new()) };
        let is_logout = |step: &Step| match step {
            Step::Session(step) => {
                matches!(step.act, SessionAct::LogOut(of) | SessionAct::LogOutWholly(of) if of == slot)
            }
            _ => false,
        };
        let logout = self.check.steps.iter().position(is_logout).unwrap_or_default();
        let held = self.slot_held(slot)?;
        let mut values: Vec<String> = Vec::new();
        let is_before = |seen: &Observation| seen.step < logout && seen.outcome == Outcome::Granted;
        let last_before = evidence.observations.iter().rposition(is_before).unwrap_or_default();
        let counts = |(at, seen): &(usize, &Observation)| seen.step > logout || *at < last_before;
        let counting = evidence.observations.iter().enumerate().filter(counts);
        for answer in counting.filter_map(|(_, seen)| seen.exchange.response()) {
            let given = given_to(answer, name);
            values.extend(given.filter(|value| value != held.proof.secret()));
        }
        let given = self.kept(slot)?.given.iter().filter(|set| set.name == name);
        values.extend(given.map(|set| set.value.expose().to_owned()));
        values.sort();
        values.dedup();
        values.truncate(MOST_COOKIES);
        let subject = self.prober.subject();
        let credential = |value: String| Credential {
            carried: subject.scheme.carry(&subject.carrier, &Proof::Token(Secret::new(value))),
            companions: held.companions.clone(),
            ..Credential::default()
        };
        Ok(values.into_iter().map(credential).collect())
    }
}

/// The cookies that a session holds, as exchanges of its login set them.
pub(super) fn set_by_login(session: &LoginSession) -> Vec<SetCookie> {
    let answers = session.exchanges().iter().filter_map(Exchange::response);
    let set: Vec<SetCookie> = answers
        .flat_map(|answer| {
            answer.header_values("set-cookie").filter_map(|line| SetCookie::read(&line)).collect::<Vec<_>>()
        })
        .collect();
    let is_held = |set: &SetCookie| session.cookies().any(|(name, value, _)| name == set.name && *value == set.value);
    set.into_iter().filter(is_held).collect()
}

/// The cookies that a session holds beside its own, of which the scenario says that they do not go along with it.
pub(super) fn cookies_left_out(session: &LoginSession) -> Vec<Companion> {
    let login = session.procedure();
    let (Some(own), Some(named)) = (login.cookie(), &login.cookies) else { return Vec::new() };
    let cookies = session.cookies().filter(|(name, ..)| *name != own && !named.iter().any(|other| other == name));
    let companion = |(name, value, path): (&str, &Secret, Option<&str>)| Companion {
        place: CarrierPlace::Cookie(name.to_owned()),
        value: value.clone(),
        path: path.map(str::to_owned),
        writes_only: false,
        with_reads: false,
    };
    cookies.map(companion).collect()
}

/// The cookies that an answer gives whoever sent a request: those with a value that the request does not have. The last one of each
/// name counts (RFC 6265 §5.3).
pub(super) fn newly_set(exchange: &Exchange, given: &mut Vec<SetCookie>) {
    let carried = exchange.request.value_of("cookie").map(String::from_utf8_lossy).unwrap_or_default();
    let is_carried = |set: &SetCookie| {
        let pairs = carried.split(';').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().any(|(name, value)| name.trim() == set.name && value.trim() == set.value.expose())
    };
    let Some(answer) = exchange.response() else { return };
    for set in answer.header_values("set-cookie").filter_map(|line| SetCookie::read(&line)) {
        given.retain(|other| other.name != set.name);
        let value = set.value.expose();
        let is_sent_back = !value.trim_matches('"').is_empty() && !value.chars().any(char::is_control);
        if is_sent_back && set.lives().is_none_or(|life| !life.is_zero()) && !is_carried(&set) {
            given.push(set);
        }
    }
}

/// Whether a request carries a cookie, and no other.
fn is_alone(request: &Request, name: &str) -> bool {
    request.cookie_name() == name && !request.value_of("cookie").unwrap_or_default().contains(&b';')
}

fn is_cookie(companion: &Companion) -> bool {
    matches!(companion.place, CarrierPlace::Cookie(_))
}

/// The last value that an answer gives a cookie, where it gives one that could be sent back.
fn given_to(answer: &Response, name: &str) -> Option<String> {
    super::session::set_to(answer, name).filter(|value| {
        let value = value.trim_matches('"');
        !value.is_empty() && !value.chars().any(char::is_control)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Silence;

    #[test]
    fn cookies_that_a_grant_sets_after_the_logout_are_the_last_new_ones() {
        for (carried, set, expected) in [
            ("sid=a; remember=b", &["sid=c; Path=/", "remember=d"][..], &["sid=c", "remember=d"][..]),
            ("sid=a", &["sid=a", "seen=1"], &["seen=1"]),
            ("sid=a", &["sid=; Max-Age=0", "remember=x; Max-Age=0"], &[]),
            ("sid=a", &["sid=c", "sid=d"], &["sid=d"]),
            ("sid=a", &["sid=c", "sid=; Max-Age=0"], &[]),
            ("sid=a", &[], &[]),
        ] {
            let request = Request::new("GET", "/notes").header("Cookie", carried);
            let headers = set.iter().map(|line| ("Set-Cookie".to_owned(), line.as_bytes().to_vec())).collect();
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
            let mut given = Vec::new();
            newly_set(&exchange, &mut given);
            let given: Vec<String> = given.iter().map(|set| format!("{}={}", set.name, set.value.expose())).collect();
            assert_eq!(given, expected, "{carried} {set:?}");
        }
    }
}
