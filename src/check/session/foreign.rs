//! How it is judged what pages of other sites can do with a session, and where logins lead.

use url::Url;

use super::cookies::cookie_before;
use crate::check::common::foreign_page::{self, Reach};
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{FOREIGN_ORIGIN, Want};
use crate::observe::{Observation, Outcome, Response, StepId};

/// No write that a page of another site can make a browser send has succeeded.
pub(super) fn foreign_page(case: &ObservedCheck<'_>) -> Judgement {
    foreign_page::judged(case, reach_of(case, usize::MAX))
}

/// Which requests of pages of other sites have the cookie with them, as it is set before an observation.
fn reach_of(case: &ObservedCheck<'_>, end: usize) -> Reach {
    let attributes = cookie_before(case, end).map(|(_, attributes)| attributes).unwrap_or_default();
    let is = |value: &str| attributes.iter().any(|attribute| attribute.eq_ignore_ascii_case(value));
    match (is("samesite=strict"), is("samesite=lax")) {
        (true, _) => Reach::Nothing,
        // a link is followed with cookies that are Lax
        (false, true) => Reach::Links,
        (false, false) => Reach::Forms,
    }
}

/// A link to the logout that a page of another site leads to, ...
pub(super) const LINK: StepId = StepId::new("logout-link");
/// ... the session after it, ...
pub(super) const AFTER_LINK: StepId = StepId::new("after-link");
/// ... a logout that such a page sends, ...
pub(super) const FOREIGN_LOGOUT: StepId = StepId::new("foreign-logout");
/// ... and the session after it.
pub(super) const AFTER_LOGOUT: StepId = StepId::new("after-logout");
/// The logout that such a page sends, without the cookie, which a browser keeps back.
pub(super) const BARE_LOGOUT: StepId = StepId::new("bare-logout");
/// The logout that such a page sends as text, ...
pub(super) const TEXT_LOGOUT: StepId = StepId::new("foreign-logout-as-text");
/// ... and the session after it.
pub(super) const AFTER_TEXT: StepId = StepId::new("after-logout-as-text");

/// The login of a page of another site whose JSON comes as a form.
pub(super) const AS_FORM: StepId = StepId::new("foreign-form-login");

/// What becomes of a form where JSON is read is for other checks to say, unless it lets somebody in.
pub(super) fn logins(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let says_nothing =
            case.step_of(seen).step_id() == Some(AS_FORM) && matches!(seen.outcome, Outcome::Broke | Outcome::Unclear);
        if !says_nothing {
            case.judge(index, &mut judgement);
        }
    }
    judgement
}

/// Why no other site can log anybody out.
const NO_FOREIGN_LOGOUT: &str = "no link and no form of another site can send the logout";
/// The same of a cookie that goes along with nothing that other sites send.
const STRICT: &str = "the cookie has SameSite=Strict: pages of other sites do not send it along";

/// The session is still there.
pub(super) fn not_logged_out(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let (link, logout) = (case.observations_of(LINK).next(), case.observations_of(FOREIGN_LOGOUT).next());
    let reach = reach_of(case, link.or(logout).map_or(usize::MAX, |(at, _)| at));
    // draft-ietf-httpbis-rfc6265bis §5.7: the answer to a form that leads a browser away from another site sets cookies, also those
    // of SameSite, which did not go along
    let taken = |(at, seen): &(usize, &Observation)| {
        let takes = seen.exchange.response().is_some_and(|answer| takes_cookie(case, answer, seen.at));
        takes.then(|| (*at, seen.exchange.request.method.clone()))
    };
    let bare = case.observations_of(BARE_LOGOUT).next();
    if reach != Reach::Forms
        && let Some((at, by)) = bare.as_ref().and_then(taken)
    {
        let text = format!(
            "{by} of another site, without the cookie, is answered by taking the cookie of the session from the browser"
        );
        judgement.deviates(at, text, "the session goes on");
        return judgement;
    }
    if reach == Reach::Nothing {
        judgement.not_applicable = Some(STRICT.to_owned());
        return judgement;
    }
    // it is refused in any case
    if case.anything_used_up() {
        return judgement;
    }
    // draft-ietf-httpbis-rfc6265bis §5.6.7.1: a cookie that is Lax goes along where a link is followed
    let after_link = || case.observations_of(AFTER_LINK);
    if let Some((at, _)) = link
        && after_link().any(|(_, seen)| seen.outcome == Outcome::Refused)
    {
        let text = "GET of the address of the logout, without a token, as a link on another site sends it, has ended the session";
        judgement.deviates(at, text, "the session goes on");
        return judgement;
    }
    if let Some((at, _)) = link.as_ref().and_then(taken) {
        let text = "GET of the address of the logout, without a token, as a link on another site sends it, takes the cookie of the session from the browser";
        judgement.deviates(at, text, "the session goes on");
        return judgement;
    }
    for (index, _) in after_link().filter(|_| link.is_some()) {
        case.judge_as(index, Want::Granted, &mut judgement);
    }
    let method = logout.map(|(_, seen)| seen.exchange.request.method.clone());
    if logout.is_none() || (reach == Reach::Links && method.as_deref() != Some("GET")) {
        if link.is_none() {
            let why = if logout.is_none() { NO_FOREIGN_LOGOUT } else { foreign_page::STAYS_AT_HOME };
            judgement.not_applicable = Some(why.to_owned());
        }
        return judgement;
    }
    let as_text = case.observations_of(TEXT_LOGOUT).next();
    let by_text = as_text.map(|(_, seen)| format!("{} as text/plain", seen.exchange.request.method));
    let by = method.unwrap_or_else(|| "a request".to_owned());
    for (logout, by, after) in [(logout, Some(by), AFTER_LOGOUT), (as_text, by_text, AFTER_TEXT)] {
        let (Some((at, _)), Some(by)) = (logout, by) else { continue };
        // a cookie that holds the session stays good after a logout, which takes it from the browser
        if logout.as_ref().and_then(taken).is_some() {
            let text = format!("{by} with the Origin of another site takes the cookie of the session from the browser");
            judgement.deviates(at, text, "the session goes on");
            return judgement;
        }
        for (index, seen) in case.observations_of(after) {
            match seen.outcome {
                Outcome::Refused => {
                    let text = format!("{by} with the Origin of another site has logged the user out");
                    // it is the logout that a reader wants to see
                    judgement.deviates(at, text, "the session goes on");
                    return judgement;
                }
                _ => case.judge_as(index, Want::Granted, &mut judgement),
            }
        }
    }
    judgement
}

/// Whether an answer of a time empties the cookie of the session, or says that it has ended (RFC 6265 §3.1).
fn takes_cookie(case: &ObservedCheck<'_>, answer: &Response, at: i64) -> bool {
    let Some(name) = case.evidence.session_cookie.as_deref() else { return false };
    let is_own = |line: &str| line.split('=').next().is_some_and(|own| own.trim() == name);
    answer.header_values("set-cookie").any(|line| is_own(&line) && (is_ended_by(&line) || has_ended_by(&line, at)))
}

/// Whether a line empties its cookie, or says that it has ended.
pub(super) fn is_ended_by(line: &str) -> bool {
    let mut parts = line.split(';').map(str::trim);
    let pair = parts.next().and_then(|pair| pair.split_once('='));
    let is_over = |part: &str| {
        let part = part.to_ascii_lowercase();
        matches!(part.as_str(), "max-age=0" | "max-age=-1") || (part.starts_with("expires=") && part.contains("1970"))
    };
    pair.is_some_and(|(_, value)| value.trim_matches('"').is_empty() || parts.any(is_over))
}

/// Whether a line says that its cookie ended before a time. Max-Age has precedence (RFC 6265 §5.3).
fn has_ended_by(line: &str, at: i64) -> bool {
    let attributes = || line.split(';').skip(1).filter_map(|part| part.split_once('='));
    let of = |name: &str| attributes().filter(|(own, _)| own.trim().eq_ignore_ascii_case(name)).last();
    match of("max-age").and_then(|(_, age)| age.trim().parse::<i64>().ok()) {
        Some(age) => age <= 0,
        None => {
            let end = of("expires").and_then(|(_, end)| jiff::fmt::rfc2822::parse(&end.trim().replace('-', " ")).ok());
            end.is_some_and(|end| end.timestamp().as_second() < at)
        }
    }
}

/// No login leads to the other site that it asks for.
pub(super) fn stays_here(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers() {
        // the address is one of ours: it need not be shown
        if response.header("location").is_some_and(|to| leads_away(&to)) {
            judgement.violates(index, case.about(index, "it leads there"), "a path of the site itself");
        }
    }
    judgement
}

/// Whether a browser that reads this Location goes to the other site: it takes a backslash for a slash, and leaves tabs and the
/// ends of lines out (URL Standard, basic URL parser).
fn leads_away(to: &str) -> bool {
    let to: String = to.trim().chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
    let path = to.trim_start_matches(['/', '\\']);
    // however many there are
    let read = match to.len() - path.len() {
        2.. => Url::parse(&format!("https://{path}")).ok(),
        _ => Url::parse("https://authbench-target.example/").and_then(|base| base.join(&to)).ok(),
    };
    read.is_some_and(|url| url.host_str() == FOREIGN_ORIGIN.strip_prefix("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    #[test]
    fn a_cookie_ends_by_its_life_before_its_date() {
        let now = 1_800_000_000;
        for (line, expected) in [
            ("sid=abc; Max-Age=-5", true),
            ("sid=abc; max-age = 0 ; Path=/", true),
            ("sid=abc; Expires=Thu, 14 Jan 2027 08:00:00 GMT", true),
            ("sid=abc; expires=Thu, 14-Jan-2027 08:00:00 GMT", true),
            ("sid=abc; Expires=Sat, 16 Jan 2027 08:00:00 GMT", false),
            ("sid=abc; Expires=Thu, 14 Jan 2027 08:00:00 GMT; Max-Age=60", false),
            ("sid=abc; Expires=soon", false),
            ("sid=abc; HttpOnly", false),
        ] {
            assert_eq!(has_ended_by(line, now), expected, "{line}");
        }
    }

    #[test]
    fn a_location_is_read_as_browsers_read_it() {
        for (to, expected) in [
            ("https://authbench.example/", true),
            ("http://authbench.example", true),
            ("//authbench.example/", true),
            ("///authbench.example/", true),
            ("/\\authbench.example/", true),
            ("\\/authbench.example/", true),
            ("/\t/authbench.example/", true),
            ("HTTPS:\\\\authbench.example/", true),
            ("/app?next=//authbench.example/", false),
            ("/%5Cauthbench.example/", false),
            ("/%09/authbench.example/", false),
            ("/authbench.example/", false),
            ("./%2F%2Fauthbench.example/", false),
            ("https://site.example/login?next=https://authbench.example/", false),
            ("", false),
        ] {
            assert_eq!(leads_away(to), expected, "{to:?}");
        }
    }

    #[test]
    fn a_logout_is_judged_by_the_cookie_of_the_login() {
        let check = find("session.foreign-page-logout-ignored").expect("is in the catalogue");
        let profile = Effective::of(["strict"], "session");
        let seen = |step: usize, method: &str, line: &str| {
            let headers = vec![("Set-Cookie".to_owned(), line.into())];
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            let silent = Exchange::unanswered(Request::new(method, "/"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(answer), ..silent }, Outcome::Granted)
        };
        let judged = |login: &str, link: Option<Outcome>, logout: Option<(&str, &str)>| {
            let mut evidence = Evidence { session_cookie: Some("sid".to_owned()), ..Evidence::default() };
            evidence.observe(seen(0, "POST", login));
            if let Some(after) = link {
                evidence.observe(seen(2, "GET", "theme=dark"));
                evidence.observe(Observation { outcome: after, ..seen(3, "GET", "theme=dark") });
            }
            if let Some((method, line)) = logout {
                evidence.observe(seen(4, method, line));
            }
            let found = not_logged_out(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            (found.not_applicable.is_some(), found.protocol.len())
        };
        let ends = "sid=; Path=/; Max-Age=0";
        for (login, method, logout, expected) in [
            ("sid=abc; SameSite=Lax", "POST", ends, (true, 0)),
            ("sid=abc; SameSite=Lax", "POST", "sid=new", (true, 0)),
            ("sid=abc; SameSite=Lax", "GET", ends, (false, 1)),
            ("sid=abc", "POST", "sid=; SameSite=Strict; Max-Age=0", (false, 1)),
            ("sid=abc; SameSite=Strict", "GET", "sid=; Max-Age=0", (true, 0)),
        ] {
            assert_eq!(judged(login, None, Some((method, logout))), expected, "{login} {method} {logout}");
        }
        for (login, after, logout, expected) in [
            ("sid=abc; SameSite=Lax", Outcome::Refused, Some(("POST", ends)), (false, 1)),
            ("sid=abc; SameSite=Lax", Outcome::Granted, Some(("POST", ends)), (false, 0)),
            ("sid=abc; SameSite=Strict", Outcome::Refused, None, (true, 0)),
            ("sid=abc", Outcome::Granted, Some(("POST", ends)), (false, 1)),
            // what has ended by a link has not ended by a form
            ("sid=abc", Outcome::Refused, Some(("POST", ends)), (false, 1)),
            ("sid=abc", Outcome::Granted, None, (false, 0)),
        ] {
            assert_eq!(judged(login, Some(after), logout), expected, "{login} {after:?} {logout:?}");
        }
        assert_eq!(judged("sid=abc", None, None), (true, 0), "nothing can be sent");
        // what a browser keeps back, the answer takes away nevertheless
        let bare = |login: &str, line: &str| {
            let mut evidence = Evidence { session_cookie: Some("sid".to_owned()), ..Evidence::default() };
            evidence.observe(seen(0, "POST", login));
            evidence.observe(seen(6, "POST", line));
            let found = not_logged_out(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            found.protocol.len()
        };
        for (login, line, expected) in [
            ("sid=abc; SameSite=Lax", ends, 1),
            ("sid=abc; SameSite=Strict", ends, 1),
            ("sid=abc; SameSite=Lax", "sid=new", 0),
            ("sid=abc; SameSite=Lax", "other=; Max-Age=0", 0),
            ("sid=abc", ends, 0),
        ] {
            assert_eq!(bare(login, line), expected, "{login} {line}");
        }
    }
}
