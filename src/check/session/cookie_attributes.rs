//! Whether the cookies of a login that carry access have the attributes that guard them (RFC 6265 §4.1.2).

use std::collections::BTreeSet;

use super::cookies::cookie_lines;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{CookieAttribute, On, SessionAct, Step, Who, login, send};
use crate::observe::{Observation, Outcome, Place, SetCookie, StepId};

/// A cookie of the login beside that of the session, and nothing else.
const ALONE: StepId = StepId::new("alone");

/// The refresh of the session by such a cookie, and nothing else.
const REFRESH: StepId = StepId::new("refresh");

/// A login whose cookies are read, and those of them that lack an attribute, each by itself.
const fn cookies_without(attribute: CookieAttribute) -> [Step; 3] {
    [
        login(SessionAct::LogIn("s")).granted().called("a login"),
        send(Who::UnguardedCookies("s", attribute), On::EachRoute)
            .id(ALONE)
            .called("another cookie of the login, and nothing else")
            .if_given(),
        login(SessionAct::RefreshByCookies("s", attribute)).id(REFRESH),
    ]
}

pub(super) const WITHOUT_SECURE: &[Step] = &cookies_without(CookieAttribute::Secure);
pub(super) const WITHOUT_HTTP_ONLY: &[Step] = &cookies_without(CookieAttribute::HttpOnly);
pub(super) const WITHOUT_END: &[Step] = &cookies_without(CookieAttribute::MaxAge);
pub(super) const WITHOUT_SAME_SITE: &[Step] = &cookies_without(CookieAttribute::SameSite);

/// RFC 6265 §4.1.2.5.
pub(super) fn secure(case: &ObservedCheck<'_>) -> Judgement {
    if !case.evidence.over_tls {
        let why = "the target is asked without TLS: a cookie with Secure would not come back".to_owned();
        return Judgement { not_applicable: Some(why), ..Judgement::default() };
    }
    guarded_by(case, CookieAttribute::Secure)
}

/// RFC 6265 §4.1.2.6.
pub(super) fn http_only(case: &ObservedCheck<'_>) -> Judgement {
    guarded_by(case, CookieAttribute::HttpOnly)
}

/// Whether each cookie ends within the time for which browsers keep one at all.
pub(super) fn ends(case: &ObservedCheck<'_>) -> Judgement {
    guarded_by(case, CookieAttribute::MaxAge)
}

/// Whether each cookie names the sites that it belongs to; `None` needs Secure, and says that all sites do.
pub(super) fn same_site(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = guarded_by(case, CookieAttribute::SameSite);
    for cookie in credentials(case) {
        let what = cookie.what();
        match sites_of(&cookie.set) {
            // without TLS, a server that sets Secure behind a proxy with TLS does not show it
            Sites::NotKept if case.evidence.over_tls => {
                let text = format!("{what} has SameSite=None without Secure: browsers do not keep it");
                judgement.deviates(cookie.shown, text, "SameSite=Lax or Strict, or Secure beside None");
            }
            Sites::All | Sites::NotKept => {
                judgement.remarks.push(format!("{what} has SameSite=None: requests of every site carry it"));
                judgement.needs_review = true;
            }
            Sites::Own => {}
        }
    }
    judgement
}

/// Whose requests carry a cookie.
#[derive(Debug, PartialEq, Eq)]
enum Sites {
    /// Those of the site that set it, or what the browser takes for them.
    Own,
    /// Those of every site.
    All,
    /// None: browsers refuse it.
    NotKept,
}

fn sites_of(cookie: &SetCookie) -> Sites {
    match (cookie.is_for_all_sites(), cookie.attribute("Secure").is_some()) {
        (true, true) => Sites::All,
        (true, false) => Sites::NotKept,
        (false, _) => Sites::Own,
    }
}

/// A cookie that carries access, as the login sets it.
struct CredentialCookie {
    /// The observation that shows it.
    shown: usize,
    set: SetCookie,
    known_by: KnownBy,
}

/// Why a cookie is known to carry access.
enum KnownBy {
    /// It is the cookie that the scenario names for the session.
    Session,
    /// The scenario names it as the credential of another login, or of a refresh.
    Scenario,
    /// It opens a resource by itself.
    Resource,
    /// It renews the session by itself.
    Refresh,
}

impl CredentialCookie {
    fn what(&self) -> String {
        let name = &self.set.name;
        match self.known_by {
            KnownBy::Session => "the cookie of the session".to_owned(),
            KnownBy::Scenario => format!("the cookie {name}, which the scenario names as a credential,"),
            KnownBy::Resource => format!("the cookie {name}, which opens a protected resource by itself,"),
            KnownBy::Refresh => format!("the cookie {name}, which renews the session by itself,"),
        }
    }
}

/// The cookies of the login that carry access: that of the session first.
fn credentials(case: &ObservedCheck<'_>) -> Vec<CredentialCookie> {
    let of_login = |at: &usize| {
        let seen = &case.evidence.observations[*at];
        seen.place == Place::Login && case.step_of(seen).step_id().is_none()
    };
    let own = cookie_lines(case).filter(|(at, _)| of_login(at)).last();
    let own = own.and_then(|(shown, line)| {
        let set = SetCookie::read(&line)?;
        Some(CredentialCookie { shown, set, known_by: KnownBy::Session })
    });
    let set = |name: &str| case.evidence.login_cookies.iter().rfind(|set| set.name == name).cloned();
    let login = case.observations().filter(|(at, _)| of_login(at)).last().map(|(at, _)| at);
    let declared = case
        .evidence
        .declared_cookies
        .iter()
        .filter_map(|name| Some(CredentialCookie { shown: login?, set: set(name)?, known_by: KnownBy::Scenario }));
    let granted = by_themselves(case).into_iter().filter(|(_, seen)| seen.outcome == Outcome::Granted);
    let proven = granted.filter_map(|(shown, seen)| {
        let known_by = if seen.place == Place::Login { KnownBy::Refresh } else { KnownBy::Resource };
        Some(CredentialCookie { shown, set: set(&seen.exchange.request.cookie_name())?, known_by })
    });
    let mut known = BTreeSet::new();
    let all = own.into_iter().chain(declared).chain(proven);
    all.filter(|cookie| known.insert(cookie.set.name.clone())).collect()
}

/// What came of cookies that were sent by themselves.
fn by_themselves<'a>(case: &ObservedCheck<'a>) -> Vec<(usize, &'a Observation)> {
    [ALONE, REFRESH].into_iter().flat_map(|step| case.observations_of(step).collect::<Vec<_>>()).collect()
}

/// Each cookie that carries access has an attribute. What neither opens a resource nor is refused may be such a cookie.
fn guarded_by(case: &ObservedCheck<'_>, wanted: CookieAttribute) -> Judgement {
    let mut judgement = Judgement::default();
    let credentials = credentials(case);
    if !credentials.iter().any(|cookie| matches!(cookie.known_by, KnownBy::Session)) {
        judgement.open.push("no answer of the login sets the cookie of the session".to_owned());
    }
    let name = wanted.name();
    let lacking = |cookie: &&CredentialCookie| match wanted {
        // whom SameSite=None lets in is for `same_site` to say
        CookieAttribute::SameSite => cookie.set.attribute(name).is_none(),
        _ => wanted.is_missed_by(&cookie.set),
    };
    for cookie in credentials.iter().filter(lacking) {
        match cookie.set.lives().filter(|_| wanted == CookieAttribute::MaxAge) {
            Some(life) => {
                let text = format!("{} lives {} days", cookie.what(), life.as_secs() / (24 * 3600));
                judgement.deviates(cookie.shown, text, "400 days at most, or no end beyond that of the browser");
            }
            None => judgement.deviates(cookie.shown, format!("{} is set without {name}", cookie.what()), name),
        }
    }
    let is_known = |name: &str| credentials.iter().any(|cookie| cookie.set.name == name);
    for (_, seen) in by_themselves(case).into_iter().filter(|(_, seen)| !is_known(&seen.exchange.request.cookie_name()))
    {
        match seen.outcome {
            Outcome::Granted | Outcome::Refused => {}
            Outcome::Unclear => judgement.leaves_open(unclear(seen)),
            Outcome::Broke | Outcome::Silent => {
                judgement.leaves_open(format!("{}: whether the cookie opens something is not clear", seen.description));
            }
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn a_cookie_of_all_sites_is_kept_where_it_is_secure() {
        for (line, sites) in [
            ("s=1; HttpOnly; SameSite=Lax", Sites::Own),
            ("s=1; HttpOnly", Sites::Own),
            ("s=1; samesite=none; SECURE", Sites::All),
            ("s=1; SameSite=None; HttpOnly", Sites::NotKept),
        ] {
            assert_eq!(sites_of(&SetCookie::read(line).expect("a cookie")), sites, "{line}");
        }
    }

    #[test]
    fn no_cookie_that_carries_access_lives_for_years() {
        for (lines, alone, expected) in [
            (&["sid=1; Max-Age=34560000"][..], &[][..], 0),
            (&["sid=1; Max-Age=34560001"], &[], 1),
            (&["sid=1; Expires=Fri, 01-Jan-2077 00:00:00 GMT"], &[], 1),
            (&["sid=1; Max-Age=60; Expires=Fri, 01 Jan 2077 00:00:00 GMT"], &[], 0),
            (&["sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], &[], 0),
            // that of a language is none that carries access
            (&["sid=1", "lang=de; Max-Age=315360000"], &[("lang=de", Outcome::Refused)], 0),
            (&["sid=1", "remember=1; Max-Age=315360000"], &[("remember=1", Outcome::Granted)], 1),
        ] {
            let (texts, open) = found("session.cookie-ends", &evidence_of(lines, alone));
            assert_eq!((texts.len(), open), (expected, 0), "{lines:?} {texts:?}");
        }
    }

    /// The evidence of a login that sets cookies, some of which were sent by themselves.
    fn evidence_of(lines: &[&str], alone: &[(&str, Outcome)]) -> Evidence {
        let exchange = |request: Request, set: &[&str]| {
            let headers = set.iter().map(|line| ("Set-Cookie".to_owned(), line.as_bytes().to_vec())).collect();
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) }
        };
        let mut evidence = Evidence {
            over_tls: true,
            session_cookie: Some("sid".to_owned()),
            login_cookies: lines.iter().filter_map(|line| SetCookie::read(line)).collect(),
            ..Evidence::default()
        };
        let login = Observation::in_test(0, exchange(Request::new("POST", "/login"), lines), Outcome::Granted);
        evidence.observe(Observation { place: Place::Login, ..login });
        for (pair, outcome) in alone {
            let request = Request::new("GET", "/orders").credential_header("Cookie", pair);
            // an answer to a cookie that is no session may take that of the session away
            evidence.observe(Observation::in_test(1, exchange(request, &["sid=; Max-Age=0"]), *outcome));
        }
        evidence
    }

    fn found(id: &str, evidence: &Evidence) -> (Vec<String>, usize) {
        let check = find(id).expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let judgement = (check.expect)(&ObservedCheck { check, evidence, profile: &profile });
        (judgement.protocol.into_iter().map(|one| one.text).collect(), judgement.open.len())
    }

    const GUARDED: &str = "sid=6c1f0a8e52d9; HttpOnly; SameSite=Lax; Secure";

    #[test]
    fn a_cookie_that_opens_a_resource_by_itself_is_guarded_like_that_of_the_session() {
        use Outcome::{Broke, Granted, Refused, Silent, Unclear};
        for (second, outcome, texts, open) in [
            // a CSRF token that scripts read
            ("csrf=1; Secure; SameSite=Lax", Refused, &[][..], 0),
            ("remember=1; Secure; SameSite=Lax", Granted, &["the cookie remember, which"], 0),
            ("remember=1; Secure; SameSite=Lax; HttpOnly", Granted, &[], 0),
            ("remember=1; Secure; SameSite=Lax", Unclear, &[], 1),
            ("remember=1; Secure; SameSite=Lax", Broke, &[], 1),
            ("remember=1; Secure; SameSite=Lax", Silent, &[], 1),
        ] {
            let pair = second.split(';').next().unwrap_or_default();
            let evidence = evidence_of(&[GUARDED, second], &[(pair, outcome)]);
            let (found, left_open) = found("session.cookie-httponly", &evidence);
            assert_eq!((found.len(), left_open), (texts.len(), open), "{second} {outcome:?}: {found:?}");
            assert!(found.iter().zip(texts).all(|(found, text)| found.starts_with(text)), "{found:?}");
        }
    }

    #[test]
    fn a_cookie_that_the_scenario_names_needs_no_proof() {
        let mut evidence = evidence_of(&[GUARDED, "refresh=1; SameSite=None"], &[("refresh=1", Outcome::Unclear)]);
        evidence.declared_cookies = vec!["refresh".to_owned(), "absent".to_owned()];
        for (id, expected) in [
            ("session.cookie-httponly", "is set without HttpOnly"),
            ("session.cookie-secure", "is set without Secure"),
            ("session.cookie-samesite", "has SameSite=None without Secure: browsers do not keep it"),
        ] {
            let (found, open) = found(id, &evidence);
            let text = format!("the cookie refresh, which the scenario names as a credential, {expected}");
            assert_eq!((found, open), (vec![text], 0), "{id}");
        }
    }

    #[test]
    fn a_cookie_that_renews_the_session_is_guarded_as_well() {
        for (outcome, expected) in [(Outcome::Granted, 1), (Outcome::Refused, 0)] {
            let mut evidence = evidence_of(&[GUARDED, "refresh=1; Secure; SameSite=Lax"], &[]);
            let mut seen = evidence.observations[0].clone();
            seen.exchange.request = Request::new("POST", "/refresh").credential_header("Cookie", "refresh=1");
            if let Ok(answer) = &mut seen.exchange.answer {
                // what it renews has no attribute: the login decides
                answer.headers = vec![("Set-Cookie".to_owned(), b"sid=2".to_vec())];
            }
            evidence.observe(Observation { step: 2, outcome, ..seen });
            let (found, open) = found("session.cookie-httponly", &evidence);
            assert_eq!((found.len(), open), (expected, 0), "{found:?}");
            assert!(
                found.iter().all(|one| one.starts_with("the cookie refresh, which renews the session")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn the_cookie_of_the_session_is_the_one_that_the_login_sets() {
        let evidence = evidence_of(&["sid=1; SameSite=None", "a=1"], &[("a=1", Outcome::Refused)]);
        let (texts, _) = found("session.cookie-httponly", &evidence);
        assert_eq!(texts, ["the cookie of the session is set without HttpOnly"]);
        let (texts, _) = found("session.cookie-samesite", &evidence);
        assert_eq!(texts, ["the cookie of the session has SameSite=None without Secure: browsers do not keep it"]);
        assert_eq!(found("session.cookie-httponly", &evidence_of(&["a=1"], &[])), (Vec::new(), 1));
    }
}
