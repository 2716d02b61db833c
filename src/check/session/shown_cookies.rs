//! Whether what HttpOnly hides from scripts is where they can read it.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::cookie_pieces::piece_shown;
use super::cookies::{cookie_lines, value_of};
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{On, SessionAct, Who, login, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Place, Response, SetCookie};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "session.cookie-not-in-body",
    title: "The value of an HttpOnly session cookie is in no body that scripts can read",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["ASVS 3.3.4", "OWASP Session Management Cheat Sheet", "CWE-201"],
    doc: Doc {
        sends: "Two logins of one user, and the session of the second to each protected resource that is read (at most 16). The bodies of these answers are searched for the value of the cookie, whole: as it is, and as JSON, HTML and percent-encoding write it. But for the answers of logins, they are also searched for pieces of it of 16 characters or more which are a quarter of it or more, such as one that serves as the CSRF token; these are information. What the other login has as well is no such piece, and neither is text in Base64, such as the claims of a JWT; of JSON in Base64 the member is looked at that names the session. Redirects are left out, for scripts cannot read their bodies, and so are the answers of logins where the scenario takes a credential from such a body. A value that has less than 16 characters, or could be a word, a name or an address, is in a body by chance and shows nothing.",
        matters: "HttpOnly keeps an injected script from reading the cookie. Where the same value is in a page or in JSON, the script reads it there; where a piece of it is, less is left to guess.",
        fix: "Send the identifier in Set-Cookie and nowhere else; give pages that need one a token of their own, such as a CSRF token that is made at random, not cut out of the identifier. Take pages out of production that show request headers or the session.",
    },
    steps: &[
        login(SessionAct::LogIn("other")).granted().called("a login"),
        login(SessionAct::LogIn("s")).granted().called("another login of the user"),
        send(Who::Slot("s"), On::EachRoute).called("the session"),
    ],
    expect: in_no_body,
    fault: "account-shows-session-id",
    ..PLAIN
}];

/// Characters from which on a value is in a body by no chance.
const LEAST: usize = 16;
/// Different characters that such a value has at least.
const LEAST_DIFFERENT: usize = 8;

/// ASVS 3.3.4: the value is transferred in `Set-Cookie` alone.
fn in_no_body(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let lines: Vec<(usize, String)> = cookie_lines(case).collect();
    let is_login = |at: usize| case.evidence.observations[at].place == Place::Login;
    let Some((start, set)) = lines.iter().rfind(|(at, _)| is_login(*at)) else {
        judgement.leaves_open("no answer of the login sets the cookie of the session".to_owned());
        return judgement;
    };
    if SetCookie::read(set).is_none_or(|set| set.attribute("HttpOnly").is_none()) {
        let why = "the cookie of the session is set without HttpOnly (see session.cookie-httponly)";
        judgement.not_applicable = Some(why.to_owned());
        return judgement;
    }
    let (others, own): (Vec<_>, Vec<_>) = lines.iter().partition(|(at, _)| at < start);
    let [others, own] =
        [others, own].map(|lines| lines.into_iter().filter_map(|(_, line)| value_of(line)).collect::<Vec<_>>());
    // an answer may renew it
    let values: Vec<&String> = own.iter().filter(|value| is_opaque(value)).collect();
    if values.is_empty() {
        let why =
            "the value of the cookie is short, or could be a word, a name or an address: it is in a body by chance";
        judgement.not_applicable = Some(why.to_owned());
        return judgement;
    }
    // whoever takes the credential from the body is no browser, or a page that keeps it
    let is_meant = |at: usize| is_login(at) && case.evidence.login_bodies_have_credentials;
    let readable = |(at, answer): &(usize, &Response)| !(300..400).contains(&answer.status) && !is_meant(*at);
    // who logs in has just sent the password from there
    let piece_in = |at, answer| if is_login(at) { None } else { piece(answer, (&own, &others)) };
    let mut pieces = 0;
    for (index, answer) in case.all_answers().filter(readable) {
        if values.iter().any(|value| shows(answer, value)) {
            let text = case.about(index, "the body has the value of the cookie of the session");
            judgement.deviates(index, text, "the value in Set-Cookie alone");
        } else if let Some(characters) = piece_in(index, answer) {
            pieces += 1;
            let text = format!("the body has {characters} characters of the value of the cookie of the session");
            judgement.deviates(index, case.about(index, text), "the value in Set-Cookie alone");
        } else if answer.truncated {
            let description = &case.evidence.observations[index].description;
            judgement.leaves_open(format!("{description}: the body is too long to be searched whole"));
        }
    }
    if pieces > 0 && judgement.protocol.len() == pieces && judgement.access.is_empty() {
        judgement.at_most = Some(Severity::Info);
    }
    judgement
}

/// How many characters in a row of the values of the own session a body has, where those of another one are different.
fn piece(answer: &Response, (own, others): (&[String], &[String])) -> Option<usize> {
    let body = String::from_utf8_lossy(&answer.body);
    piece_shown(own, others, &[&body, &unescaped(&body)])
}

/// Whether a value can be told from words, names and addresses: what servers make at random, encode or sign.
fn is_opaque(value: &str) -> bool {
    let value = value.trim_matches('"');
    let different: std::collections::BTreeSet<char> = value.chars().collect();
    let has = |kind: fn(&char) -> bool| value.chars().any(|c| kind(&c));
    value.len() >= LEAST
        && different.len() >= LEAST_DIFFERENT
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        // an address of mail, also percent-encoded, and a sentence
        && !percent_decode_str(value).any(|byte| byte == b'@' || byte == b' ')
}

/// Whether a body has a value, however it is written there.
fn shows(answer: &Response, value: &str) -> bool {
    let value = value.trim_matches('"');
    let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
    let encoded = utf8_percent_encode(&decoded, NON_ALPHANUMERIC).to_string();
    let body = String::from_utf8_lossy(&answer.body);
    let plain = unescaped(&body);
    [value, &decoded, &encoded].into_iter().any(|form| body.contains(form) || plain.contains(form))
}

/// A body without the ways in which JSON and HTML write the characters of Base64 and of signatures.
fn unescaped(body: &str) -> String {
    let mut plain = body.replace("\\/", "/");
    for (character, code) in [("/", 0x2f), ("+", 0x2b), ("=", 0x3d), ("&", 0x26), (":", 0x3a)] {
        let references = [
            format!("\\u{code:04x}"),
            format!("\\u{code:04X}"),
            format!("&#x{code:x};"),
            format!("&#x{code:X};"),
            format!("&#{code};"),
        ];
        for reference in references.iter().filter(|reference| body.contains(reference.as_str())) {
            plain = plain.replace(reference.as_str(), character);
        }
    }
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Silence};

    const ID: &str = "6c1f0a8e52d94b3791e07d25ab68fc03";
    /// What a login before it has set.
    const FORMER: &str = "sid=d3b85f27c09a416e8f12e6709b4dc5a1; HttpOnly";

    /// What is said of a login that sets a cookie and of one resource: deviations, and whether it applies.
    fn judged(line: &str, login: (u16, &str), page: (u16, &str)) -> (usize, bool) {
        judged_where(false, line, login, page)
    }

    fn judged_where(in_body: bool, line: &str, login: (u16, &str), page: (u16, &str)) -> (usize, bool) {
        let found = judgement(in_body, line, login, page);
        assert!(found.open.is_empty(), "{:?}", found.open);
        (found.protocol.len(), found.not_applicable.is_none())
    }

    fn judgement(in_body: bool, line: &str, login: (u16, &str), page: (u16, &str)) -> Judgement {
        let check = find("session.cookie-not-in-body").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let seen = |step: usize, (status, body): (u16, &str), headers: Vec<(String, Vec<u8>)>| {
            let answer = Response { status, headers, body: body.into(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted)
        };
        let mut evidence = Evidence {
            session_cookie: Some("sid".to_owned()),
            login_bodies_have_credentials: in_body,
            ..Evidence::default()
        };
        let set = |line: &str| vec![("Set-Cookie".to_owned(), line.as_bytes().to_vec())];
        evidence.observe(Observation { place: Place::Login, ..seen(0, (302, ""), set(FORMER)) });
        evidence.observe(Observation { place: Place::Login, ..seen(1, login, set(line)) });
        evidence.observe(seen(2, page, Vec::new()));
        (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile })
    }

    #[test]
    fn a_piece_of_the_value_is_information() {
        let (hidden, none) = (format!("sid={ID}; HttpOnly"), (200, "{}"));
        let page = |text: &str| format!("<input name=\"csrf\" value=\"{text}\">");
        let (half, less, whole) = (page(&ID[16..]), page(&ID[17..]), page(ID));
        for (login, shown, expected) in [
            (none, (200, half.as_str()), (1, Some(Severity::Info))),
            (none, (403, &half), (1, Some(Severity::Info))),
            (none, (200, &less), (0, None)),
            (none, (200, &whole), (1, None)),
            // scripts cannot read what a redirect has, and who logs in has just sent the password
            (none, (302, &half), (0, None)),
            ((200, half.as_str()), none, (0, None)),
        ] {
            let found = judgement(false, &hidden, login, shown);
            assert_eq!((found.protocol.len(), found.at_most), expected, "{login:?} {shown:?}: {found:?}");
        }
    }

    #[test]
    fn the_value_of_the_cookie_is_found_where_scripts_can_read_it() {
        let hidden = format!("sid={ID}; HttpOnly");
        let json = format!("{{\"session\":\"{ID}\"}}");
        let part = format!("{{\"session\":\"{}\"}}", &ID[..15]);
        let none = (200, "{}");
        for (line, login, page, expected) in [
            (hidden.as_str(), none, none, (0, true)),
            (&hidden, none, (200, json.as_str()), (1, true)),
            (&hidden, (200, json.as_str()), none, (1, true)),
            (&hidden, (200, json.as_str()), (403, json.as_str()), (2, true)),
            // scripts cannot read what a redirect has
            (&hidden, (302, json.as_str()), none, (0, true)),
            // less than a piece that tells something
            (&hidden, none, (200, part.as_str()), (0, true)),
            (&format!("sid={ID}"), none, (200, json.as_str()), (0, false)),
            ("sid=alice; HttpOnly", none, (200, "alice"), (0, false)),
            ("sid=alice1984@example.test; HttpOnly", none, (200, "alice1984@example.test"), (0, false)),
            ("sid=alice1984%40example.test; HttpOnly", none, (200, "alice1984@example.test"), (0, false)),
            ("sid=1111111111111111a; HttpOnly", none, (200, "1111111111111111a"), (0, false)),
        ] {
            assert_eq!(judged(line, login, page), expected, "{line} {login:?} {page:?}");
        }
        // a login that serves clients with the token in their hands as well
        assert_eq!(judged_where(true, &hidden, (200, &json), none), (0, true));
        assert_eq!(judged_where(true, &hidden, (200, &json), (200, &json)), (1, true));
    }

    #[test]
    fn a_value_is_found_however_it_is_written() {
        for (value, body) in [
            ("s%3AqK3vX9w2mB4nR9tY.c2ln%2BbmF0dXJl", "<b>s:qK3vX9w2mB4nR9tY.c2ln+bmF0dXJl</b>"),
            ("s%3AqK3vX9w2mB4nR9tY.c2ln%2BbmF0dXJl", "<b>s:qK3vX9w2mB4nR9tY.c2ln&#43;bmF0dXJl</b>"),
            ("s%3AqK3vX9w2mB4nR9tY.c2ln%2BbmF0dXJl", "sid=s%3AqK3vX9w2mB4nR9tY.c2ln%2BbmF0dXJl"),
            ("s:qK3vX9w2mB4nR9tY", "<a href=\"/?sid=s%3AqK3vX9w2mB4nR9tY\">"),
            ("qK3v/X9w2mB4nR9tY==", r#"{"a":"qK3v\/X9w2mB4nR9tY\u003d\u003D"}"#),
            ("\"qK3v/X9w2mB4nR9tY\"", "<i>qK3v&#x2F;X9w2mB4nR9tY</i>"),
        ] {
            let answer = Response { status: 200, headers: Vec::new(), body: body.into(), truncated: false };
            assert!(is_opaque(value) && shows(&answer, value), "{value} {body}");
        }
    }
}
