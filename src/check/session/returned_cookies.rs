//! What a server makes of cookies that come back changed, or too late, and whether browsers keep them as it means them.

use super::cookies::{cookie_lines, value_of};
use super::foreign::is_ended_by;
use crate::check::common::malformed::never_broken;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, INVALID, NoSession, On, SessionAct, Step, Want, Who, login, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, Response, SetCookie, StableState, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "session.cookie-not-forgeable",
        title: "The name of another user in a cookie does not open the account of that user",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "RFC 6265 §8.3", "ASVS 9.1.1", "CWE-565", "CWE-287", "WSTG-SESS-01"],
        doc: Doc {
            sends: "The session of one user with the name, or the number, of another in place of the own one in one of its cookies: plain, quoted, percent-encoded, in Base64, in JSON, as PHP writes it, behind the digits of a ticket or between bytes, and in each part of a cookie; to each protected resource that is read (at most 16). It is compared with what the two users get there by their own sessions. Numbers from a million on, and texts that cannot be guessed, stay as they are.",
            matters: "Whoever knows the name of a user writes it into a cookie of their own and is that user, without any password.",
            fix: "Give the browser a random identifier and keep the user in the server; or sign the cookie, and verify the signature before anything in it is read.",
        },
        steps: &[
            send(Who::OtherNamedAsLoggedIn, On::EachRoute)
                .id(FORGED)
                .denied(ANY)
                .called("the session of a user with the name of another in a cookie"),
            send(Who::OtherLoggedIn, On::EachRoute).id(OWN).called("the session of that user as it is"),
            send(Who::OtherLoggedIn, On::EachRoute).id(OWN_AGAIN).called("the session of that user as it is, again"),
            send(Who::LoggedIn, On::EachRoute).id(NAMED).called("the session of the other user"),
            send(Who::LoggedIn, On::EachRoute).id(NAMED_AGAIN).called("the session of the other user, again"),
        ],
        compares_answers: true,
        expect: not_forgeable,
        shows: Explanation::Unverified,
        fault: "session-cookie-unsigned",
        ..REFUSAL
    },
    Check {
        id: "session.malformed-cookie-never-5xx",
        title: "A cookie of the login that does not parse is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The good session with a value that does not parse in each other cookie that the login sets (at most 4), and the page of the login with one in each cookie: a word, a percent sign, `%00`, `%ff%fe`, a quotation mark, Base64 of bytes that are no UTF-8, a brace, an address that does not parse, nothing, and 4,096 characters.",
            matters: "Whoever can send a request can send such a cookie, and one that stays in a browser shuts its user out until it is deleted; an error page often shows code.",
            fix: "Take a cookie that does not parse for one that is not there.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            send(Who::Slot("s"), On::Protected).granted().called("the session with its own cookies"),
            send(Who::WithMalformedCookies("s"), On::Protected).called("the session"),
            login(SessionAct::PageWithMalformedCookies("s")),
        ],
        expect: cookies_never_broken,
        fault: "breaks-on-percent-in-cookie",
        ..PLAIN
    },
    Check {
        id: "session.logout-without-cookie-never-5xx",
        title: "A logout without a session is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9110 §15.6.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "A login, and its logout as it is sent by somebody who has no session: without any cookie, and with an identifier that was never issued in the cookie of the session. Any answer below 500 is right; where a page comes first that whoever has no session does not get, its answer is looked at. The logout with its own cookie follows.",
            matters: "Whoever logs out in one of two windows, or after the session has ended, sends this request and gets an error page, which often shows code.",
            fix: "Answer a logout without a session as one with a session, with a redirect to the page of the login, or with 401 or 403.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            login(SessionAct::LogOutWithoutSession("s", NoSession::NoCookie)),
            login(SessionAct::LogOutWithoutSession("s", NoSession::UnknownCookie)),
            login(SessionAct::LogOut("s")).granted().called("the logout with its own cookie"),
        ],
        expect: never_broken,
        fault: "logout-breaks-without-cookie",
        ..PLAIN
    },
    Check {
        id: "session.not-renewed-after-logout",
        title: "A session that was logged out does not go on by another cookie",
        severity: Severity::High,
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 7.4.1", "CWE-613", "WSTG-SESS-06"],
        doc: Doc {
            sends: "A login, two requests with its cookie and its logout, and then the cookie of the session to each public resource (at most 5) and each protected one that is read (at most 16). Each other value that these answers give the cookie (at most 4) is tried at a protected resource; one from before the logout where the cookie of the login was still good after it.",
            matters: "Where one endpoint renews what another has ended, or a logout ends the last of several cookies alone, a stolen cookie outlives its logout, and may be renewed for ever.",
            fix: "Let a logout end the session that all its cookies belong to, and look up whether it has ended wherever it is renewed.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            send(Who::Slot("s"), On::Protected).lasting().called("the session before its logout"),
            login(SessionAct::LogOut("s")),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::EachPublic).called("the session after its logout").if_given(),
            send(Who::Slot("s"), On::EachRoute).called("the session after its logout"),
            send(Who::RenewedCookies("s"), On::Protected)
                .denied(&[INVALID])
                .called("a cookie that an answer set after the logout"),
        ],
        shows: Explanation::Revocation,
        implied_by: &["login.logout-ends-credential"],
        fault: "ended-session-renewed",
        ..REFUSAL
    },
    Check {
        id: "session.logout-clears-cookie",
        title: "A logout takes the cookie of a session that goes on from the browser",
        severity: Severity::Low,
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["RFC 6265 §3.1", "RFC 6265 §5.3", "ASVS 7.4.1", "CWE-613"],
        doc: Doc {
            sends: "A login, its logout, and the session after it. The Set-Cookie fields of the logout are applied as a browser does it: one with another Path or Domain than the login had set is about another cookie. Where the session is refused afterwards, it does not matter what the browser keeps.",
            matters: "The next one at the same computer is still logged in as whoever has logged out.",
            fix: "Clear the cookie with the Path and the Domain with which it was set, and end the session in the server.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            send(Who::Slot("s"), On::Protected).lasting().called("the session before its logout"),
            login(SessionAct::LogOut("s")).id(LOGOUT),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected).id(AFTER).called("the session after its logout"),
        ],
        expect: clears_the_cookie,
        fault: "logout-clears-another-path",
        ..PLAIN
    },
    Check {
        id: "session.cookie-prefix-kept",
        title: "A cookie with the prefix __Host- or __Secure- has the attributes that the prefix promises",
        level: Level::Practice,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["draft-ietf-httpbis-rfc6265bis (section 4.1.3)", "ASVS 3.3.1", "ASVS 3.3.3"],
        doc: Doc {
            sends: "A login; the names and attributes of all cookies that its answers set are read. `__Secure-` asks for Secure, `__Host-` for Secure, `Path=/` and no Domain.",
            matters: "Browsers drop a cookie that does not keep the promise of its name: who is logged in by it is not, and what it should protect is not protected.",
            fix: "Set the attributes that the prefix asks for, or take another name.",
        },
        steps: &[login(SessionAct::LogIn("s")).granted().called("a login")],
        expect: prefixes_kept,
        fault: "cookie-prefix-without-attributes",
        ..PLAIN
    },
];

/// Which refusal is right depends on how the cookie is read.
const ANY: &[Accept] = &[Accept::Range(400, 499)];

/// The session of a user with the name of another, ...
const FORGED: StepId = StepId::new("forged");
/// ... the one of that user as it is, twice, ...
const OWN: StepId = StepId::new("own");
const OWN_AGAIN: StepId = StepId::new("own-again");
/// ... and the one of the other user, twice.
const NAMED: StepId = StepId::new("named");
const NAMED_AGAIN: StepId = StepId::new("named-again");

/// No changed cookie shows what the user gets whose name was written into it, where the two users get different answers.
fn not_forgeable(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut compared = false;
    for (index, forged) in case.observations_of(FORGED) {
        let of = |steps: [StepId; 2]| -> Vec<&Observation> {
            steps.into_iter().flat_map(|step| case.beside(forged, step)).map(|(_, seen)| seen).collect()
        };
        let Some(account) = account_of_another(&of([OWN, OWN_AGAIN]), &of([NAMED, NAMED_AGAIN])) else { continue };
        compared = true;
        match (forged.outcome, forged.exchange.response()) {
            (Outcome::Broke | Outcome::Silent, _) | (_, None) => {
                case.judge_as(index, Want::Denied(ANY), &mut judgement);
            }
            (_, Some(answer)) if account.is_in(answer) && judgement.access.is_empty() => {
                let text = case.about(index, "the answer is the one that the other user gets");
                judgement.violates(index, text, "refused, or answered as for the own user");
            }
            _ => {}
        }
    }
    if !compared {
        judgement.leaves_open(
            "no resource answers the two users differently, so no answer shows whose session it is for".to_owned(),
        );
    }
    judgement
}

/// What a user gets at a resource and another one does not.
struct Account<'a> {
    status: u16,
    state: StableState,
    others: Vec<&'a Response>,
}

impl Account<'_> {
    fn is_in(&self, answer: &Response) -> bool {
        let is_others = self.others.iter().any(|other| other.status == answer.status && other.body == answer.body);
        answer.status == self.status && !is_others && !self.state.differs(answer)
    }
}

/// The answers to one user that cannot be taken for those to another; none where these are alike, or either was not let in as it
/// should be.
fn account_of_another<'a>(own: &[&'a Observation], named: &[&'a Observation]) -> Option<Account<'a>> {
    let all = |seen: &[&Observation], outcome: Outcome| seen.len() > 1 && seen.iter().all(|one| one.outcome == outcome);
    let answers = |seen: &[&'a Observation]| seen.iter().filter_map(|one| one.exchange.response()).collect::<Vec<_>>();
    let (others, named_answers) = (answers(own), answers(named));
    let state = StableState::of(&named_answers).filter(|state| !state.is_empty())?;
    let differ = match all(own, Outcome::Granted) {
        true => others.iter().all(|answer| state.differs(answer)),
        false => all(own, Outcome::Refused),
    };
    let status = named_answers.first()?.status;
    (all(named, Outcome::Granted) && differ).then_some(Account { status, state, others })
}

/// No answer is a server error that comes again; where nothing could be changed, the requirement does not apply.
fn cookies_never_broken(case: &ObservedCheck<'_>) -> Judgement {
    if case.lenient().next().is_none() && case.evidence.obstacle.is_none() {
        let why = "the login sets no cookie but that of the session, and has no page of its own (see common.malformed-credential-never-5xx)";
        return Judgement { not_applicable: Some(why.to_owned()), ..expect::wants(case) };
    }
    never_broken(case)
}

/// A logout, ...
const LOGOUT: StepId = StepId::new("logout");
/// ... and the session after it.
const AFTER: StepId = StepId::new("after");

/// What browsers keep of a session that goes on (RFC 6265 §5.3): the logout ends the cookie that the login has set, or gives it another value.
fn clears_the_cookie(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let (Some((logout, _)), Some((_, after))) =
        (case.observations_of(LOGOUT).last(), case.observations_of(AFTER).next())
    else {
        return judgement;
    };
    let of_logout = |at: usize| case.observations_of(LOGOUT).any(|(index, _)| index == at);
    let lines: Vec<(usize, String)> = cookie_lines(case).collect();
    let placed = |(at, line): &(usize, String)| (CookiePlace::of(&case.evidence.observations[*at], line), line.clone());
    let Some((own, set)) = lines.iter().rfind(|(at, _)| *at < logout && !of_logout(*at)).map(placed) else {
        judgement.leaves_open("no answer of the login sets the cookie of the session".to_owned());
        return judgement;
    };
    let later: Vec<_> = lines.iter().filter(|(at, _)| of_logout(*at)).map(placed).collect();
    let is_taken = |(place, line): &(CookiePlace, String)| {
        *place == own && (is_ended_by(line) || value_of(line) != value_of(&set))
    };
    match after.outcome {
        Outcome::Refused => {}
        Outcome::Granted if later.iter().any(is_taken) => {}
        Outcome::Granted => {
            let text = match later.iter().find(|(_, line)| is_ended_by(line)) {
                Some((other, _)) => {
                    format!("the logout ends a cookie of {other}; that of {own} stays, and the session goes on")
                }
                None => "the logout ends no cookie, and the session goes on".to_owned(),
            };
            judgement.deviates(logout, text, format!("a Set-Cookie that ends the cookie of {own}"));
        }
        _ => judgement.leaves_open(format!("{}: whether it goes on is not clear", after.description)),
    }
    judgement
}

/// What a cookie is known by beside its name (RFC 6265 §5.3, step 11).
#[derive(Debug, PartialEq, Eq)]
struct CookiePlace {
    domain: String,
    path: String,
}

impl CookiePlace {
    /// Of a line in the answer to a request, by its attributes or by defaults (RFC 6265 §5.1.4, §5.2.3).
    fn of(seen: &Observation, line: &str) -> Self {
        let request = &seen.exchange.request;
        let host = String::from_utf8_lossy(request.value_of("host").unwrap_or_default()).to_ascii_lowercase();
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
            _ => host,
        };
        let target = String::from_utf8_lossy(&request.target).into_owned();
        let asked = target.split('?').next().unwrap_or_default();
        let default = asked.rsplit_once('/').map(|(before, _)| before).filter(|before| !before.is_empty());
        let set = SetCookie::read(line);
        let attribute = |name| set.as_ref().and_then(|set| set.attribute(name));
        let domain = attribute("domain").map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let path = attribute("path").filter(|path| path.starts_with('/')).map(str::to_owned);
        Self {
            domain: domain.filter(|domain| !domain.is_empty()).unwrap_or(host),
            path: path.unwrap_or_else(|| default.unwrap_or("/").to_owned()),
        }
    }
}

impl std::fmt::Display for CookiePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the path {} on {}", self.path, self.domain)
    }
}

/// Each cookie whose name promises attributes has them.
fn prefixes_kept(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut any = false;
    let answered: Vec<(usize, SetCookie)> = case
        .all_answers()
        .flat_map(|(index, answer)| {
            let lines = answer.header_values("set-cookie");
            lines.filter_map(|line| Some((index, SetCookie::read(&line)?))).collect::<Vec<_>>()
        })
        .collect();
    // what other answers of the login have set
    let is_shown = |set: &&SetCookie| answered.iter().any(|(_, shown)| shown.name == set.name);
    let last = case.observations().last().map(|(index, _)| index);
    let others = case.evidence.login_cookies.iter().filter(|set| !is_shown(set));
    let others = others.filter_map(|set| Some((last?, set.clone())));
    for (index, set) in answered.iter().cloned().chain(others) {
        let Some(broken) = promise(&set) else { continue };
        any = true;
        if let Some(broken) = broken {
            judgement.deviates(index, format!("the cookie {} is set {broken}", set.name), "what its prefix asks for");
        }
    }
    if !any && judgement.open.is_empty() {
        judgement.not_applicable =
            Some("no cookie of the login has a name with the prefix __Host- or __Secure-".to_owned());
    }
    judgement
}

/// What a cookie lacks whose prefix asks for attributes; none where its name has no such prefix.
fn promise(cookie: &SetCookie) -> Option<Option<&'static str>> {
    let of_host = cookie.name.starts_with("__Host-");
    if !of_host && !cookie.name.starts_with("__Secure-") {
        return None;
    }
    Some(if cookie.attribute("secure").is_none() {
        Some("without Secure")
    } else if of_host && cookie.attribute("path") != Some("/") {
        Some("without Path=/")
    } else if of_host && cookie.attribute("domain").is_some_and(|domain| !domain.is_empty()) {
        Some("with a Domain")
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Place, Request, Silence, meaning_of_status};

    #[test]
    fn a_prefix_asks_for_attributes() {
        for (line, expected) in [
            ("sid=1; Path=/a", None),
            ("__Host-sid=1; Path=/; Secure", Some(None)),
            ("__Host-sid=1; Secure", Some(Some("without Path=/"))),
            ("__Host-sid=1; Path=/; Secure; Domain=example.test", Some(Some("with a Domain"))),
            ("__Host-sid=1; Path=/", Some(Some("without Secure"))),
            ("__Secure-sid=1; Domain=example.test; secure", Some(None)),
            ("__Secure-sid=1", Some(Some("without Secure"))),
        ] {
            let cookie = SetCookie::read(line).expect("a cookie");
            assert_eq!(promise(&cookie), expected, "{line}");
        }
    }

    #[test]
    fn a_logout_without_a_session_may_be_answered_with_anything_but_a_server_error() {
        let check = find("session.logout-without-cookie-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        for (status, reproduced, expected) in [
            (204, false, (0, 0)),
            (302, false, (0, 0)),
            (401, false, (0, 0)),
            (403, false, (0, 0)),
            (405, false, (0, 0)),
            (501, true, (0, 0)),
            (500, true, (1, 0)),
            (502, true, (1, 0)),
            (500, false, (0, 1)),
        ] {
            let mut evidence = Evidence::default();
            for (step, status, reproduced) in [(0, 302, false), (1, status, reproduced), (3, 302, false)] {
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/logout"), Silence::Closed);
                let outcome = if step == 1 { meaning_of_status(status) } else { Outcome::Granted };
                let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome);
                evidence.observe(Observation { place: Place::Login, reproduced, ..seen });
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.open.len()), expected, "{status} {reproduced}");
        }
    }

    #[test]
    fn a_cookie_is_known_by_path_and_domain() {
        let request = |path: &str| Request::new("POST", path).header("Host", "App.example.test:8080");
        let place = |path: &str, line: &str| {
            let exchange = Exchange::unanswered(request(path), Silence::Closed);
            CookiePlace::of(&Observation::in_test(0, exchange, Outcome::Granted), line).to_string()
        };
        for (path, line, expected) in [
            ("/login", "sid=1; Path=/", "the path / on app.example.test"),
            ("/login", "sid=1", "the path / on app.example.test"),
            ("/a/b/login?x=/y", "sid=1", "the path /a/b on app.example.test"),
            ("/a/login", "sid=1; path=x", "the path /a on app.example.test"),
            ("/login", "sid=1; Path=/a; Path=/b; Domain=.Example.test", "the path /b on example.test"),
        ] {
            assert_eq!(place(path, line), expected, "{line}");
        }
    }

    #[test]
    fn the_account_of_another_shows_where_the_two_get_different_answers() {
        let seen = |status: u16, body: &str, outcome: Outcome| {
            let answer = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange =
                Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("GET", "/"), Silence::Closed) };
            Observation::in_test(0, exchange, outcome)
        };
        let (alice, bob) = (r#"{"user":"alice"}"#, r#"{"user":"bob"}"#);
        use Outcome::{Granted, Refused};
        for (own, named, forged, expected) in [
            ((200, bob, Granted), (200, alice, Granted), (200, alice), Some(true)),
            ((200, bob, Granted), (200, alice, Granted), (200, bob), Some(false)),
            ((200, bob, Granted), (200, alice, Granted), (401, "{}"), Some(false)),
            ((403, "{}", Refused), (200, alice, Granted), (200, alice), Some(true)),
            ((403, "{}", Refused), (200, alice, Granted), (403, "{}"), Some(false)),
            // nothing to tell them apart
            ((200, alice, Granted), (200, alice, Granted), (200, alice), None),
            ((200, bob, Granted), (403, "{}", Refused), (403, "{}"), None),
        ] {
            let own = seen(own.0, own.1, own.2);
            let named = seen(named.0, named.1, named.2);
            let forged = seen(forged.0, forged.1, Granted);
            let account = account_of_another(&[&own, &own], &[&named, &named]);
            let shows = account.map(|account| account.is_in(forged.exchange.response().expect("an answer")));
            assert_eq!(shows, expected);
        }
    }
}
