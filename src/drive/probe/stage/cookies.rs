//! Cookies of logins that come back changed.

use super::resource::may_be_an_accident;
use super::session::{note, started};
use super::told::{Told, granted, led_elsewhere};
use super::{Credential, Halt, Stage};
use crate::check::step::{NoSession, SessionAct, Step};
use crate::clock;
use crate::drive::login::{HeldCredential, LoginSession};
use crate::observe::{Description, Evidence, Observation, Outcome, Place, Response, meaning_of_status};
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

    async fn sent_logout(&self, mut session: LoginSession, evidence: &mut Evidence) -> Result<Told, Halt> {
        let ended = session.log_out(&self.prober.equipment.logins).await;
        note(session.exchanges(), session.procedure(), evidence);
        self.prober.pulse_after_login(session.exchanges()).await;
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok(()) => Ok(granted(exchange)),
            // whoever has no session may get no page with what the next request needs
            Err(error) => led_elsewhere(&error, exchange),
        }
    }

    /// Each other value that answers gave the cookie of a session after its logout, in place of its own.
    pub(super) fn renewed_cookies(&self, slot: &str, evidence: &Evidence) -> Result<Vec<Credential>, Halt> {
        let session = &self.kept_session(slot)?.session;
        let Some(name) = session.procedure().cookie() else { return Ok(Vec::new()) };
        let is_logout = |step: &Step| match step {
            Step::Session(step) => matches!(step.act, SessionAct::LogOut(of) if of == slot),
            _ => false,
        };
        let logout = self.check.steps.iter().position(is_logout).unwrap_or_default();
        let held = self.slot_held(slot)?;
        let mut values: Vec<String> = Vec::new();
        for answer in
            evidence.observations.iter().filter(|seen| seen.step > logout).filter_map(|seen| seen.exchange.response())
        {
            let given = given_to(answer, name);
            values.extend(given.filter(|value| value != held.proof.secret()));
        }
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
