//! What a record masks by its place: credentials in fields, cookies, addresses, forms and members of JSON.

use std::borrow::Cow;
use std::ops::Range;

use super::exchange::{Exchange, printable};
use super::page::{named_values, parameters_of_redirect};
use crate::secret::{MASK, Scrubber, is_jose_header, is_mixed, is_secret_member, is_secret_parameter};

/// Values of cookies that say that there is none.
const NO_VALUE: [&str; 8] = ["\"\"", "0", "deleted", "deleteme", "expired", "invalid", "none", "null"];
/// Characters of a signature that proves something, in Base64.
const SHORTEST_SIGNATURE: usize = 16;

/// Bytes of a value that are learnt.
const LONGEST_LEARNT: usize = 32 * 1024;

impl Exchange {
    /// Has a scrubber know what this exchange carries by its place, so that it is found elsewhere as well: codes that are good once, cookies, and tokens
    /// in forms, pages, redirects and members of JSON.
    pub fn teach(&self, scrubber: &mut Scrubber) {
        self.request.codes.iter().for_each(|code| scrubber.add_code(code.expose()));
        let mut learn = |value: &str| {
            let value = value.trim().trim_matches('"');
            if value.len() <= LONGEST_LEARNT {
                scrubber.learn(value);
            }
        };
        for header in self.request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("cookie")) {
            let text = String::from_utf8_lossy(&header.value);
            text.split(';').filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| learn(value));
        }
        let form = url::form_urlencoded::parse(&self.request.body);
        let of_form = form.filter(|(name, value)| is_secret_parameter(name, value) && is_mixed(value));
        of_form.for_each(|(_, value)| learn(&value));
        let Some(response) = self.response() else { return };
        for line in response.header_values("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            pair.split_once('=').into_iter().for_each(|(_, value)| learn(value));
        }
        for location in response.header_values("location") {
            let parameters = parameters_of_redirect(&location);
            parameters.filter(|(name, value)| is_secret_parameter(name, value)).for_each(|(_, value)| learn(&value));
        }
        let made_up = |name: &str, value: &str| is_secret_member(name, value) && is_mixed(value);
        match response.json() {
            Some(serde_json::Value::Object(members)) => {
                let texts = members.iter().filter_map(|(name, member)| Some((name, member.as_str()?)));
                texts.filter(|(name, text)| made_up(name, text)).for_each(|(_, text)| learn(text));
            }
            Some(_) => {}
            None => {
                let page = String::from_utf8_lossy(&response.body);
                named_values(&page).filter(|(name, text)| made_up(name, text)).for_each(|(_, text)| learn(&text));
            }
        }
    }
}

/// A credential header value: an authentication scheme may stay, the credential may not.
pub(super) fn masked_credential(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    match text.split_once(' ') {
        Some((scheme, _))
            if ["basic", "bearer", "digest", "dpop", "hmac-sha256", "aws4-hmac-sha256"]
                .contains(&scheme.to_ascii_lowercase().as_str()) =>
        {
            format!("{scheme} {MASK}")
        }
        _ => MASK.to_owned(),
    }
}

pub(super) fn masked_target(target: &[u8]) -> String {
    let text = printable(target);
    match text.split_once('?') {
        Some((path, query)) => format!("{path}?{}", masked_pairs(query)),
        None => text,
    }
}

pub(super) fn masked_pairs(pairs: &str) -> String {
    let masked = pairs.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret_parameter(name, value) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Masks string members of JSON that carry credentials, so that a token fetched a moment ago is never shown.
pub(super) fn masked_members(text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) else { return masked_in_text(text) };
    let Some(object) = value.as_object_mut() else { return masked_in_text(text) };
    let mut masked = false;
    for (name, member) in object.iter_mut() {
        if member.as_str().is_some_and(|value| is_secret_member(name, value)) {
            *member = MASK.into();
            masked = true;
        }
    }
    let text = if masked { value.to_string() } else { text.to_owned() };
    masked_in_text(&text)
}

/// The same in what only looks like JSON: a body that was cut, a member further inside, a page with a script.
fn masked_in_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((name, value, end)) = string_member(rest) {
        masked.push_str(&rest[..value.start]);
        masked.push_str(if is_secret_member(&rest[name], &rest[value.clone()]) { MASK } else { &rest[value] });
        rest = &rest[end..];
    }
    masked.push_str(rest);
    masked
}

/// The first member of a text whose value is a string: its name, the value, and where what follows starts.
fn string_member(text: &str) -> Option<(Range<usize>, Range<usize>, usize)> {
    let mut from = 0;
    loop {
        let colon = from + text[from..].find(':')?;
        from = colon + 1;
        let Some(before) = text[..colon].trim_end().strip_suffix('"') else { continue };
        let name = before.rfind('"').map_or(0, |quote| quote + 1)..before.len();
        let value = text[from..].trim_start();
        if let Some(inside) = value.strip_prefix('"') {
            let value = text.len() - inside.len();
            let mut escaped = false;
            let closes = |byte: u8| {
                let closes = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                closes
            };
            let end = value + inside.bytes().position(closes).unwrap_or(inside.len());
            return Some((name, value..end, end));
        }
    }
}

/// The cookies of a request with their names (RFC 6265 §4.2.1).
pub(super) fn masked_cookies(field: &[u8]) -> String {
    let text = printable(field);
    let masked = text.split(';').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", masked_cookie(value)),
        None => masked_cookie(pair),
    });
    masked.collect::<Vec<_>>().join(";")
}

/// A cookie that is set, with its name and its attributes (RFC 6265 §4.1.1).
pub(super) fn masked_set_cookie(field: &[u8]) -> String {
    let text = printable(field);
    let (pair, attributes) = text.split_at(text.find(';').unwrap_or(text.len()));
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}{attributes}", masked_cookie(value)),
        // RFC 6265bis §5.6: a cookie without a name
        None => format!("{}{attributes}", masked_cookie(pair)),
    }
}

/// What stands for the value of a cookie: itself, where it is none.
fn masked_cookie(value: &str) -> String {
    let own = value.trim();
    match own.is_empty() || NO_VALUE.iter().any(|none| none.eq_ignore_ascii_case(own)) {
        true => value.to_owned(),
        false => MASK.to_owned(),
    }
}

/// A text with the credentials masked that stand in the queries and fragments of its addresses; none where it has none.
pub(super) fn masked_addresses(text: &[u8]) -> Option<String> {
    memchr::memchr2(b'?', b'#', text)?;
    let text = printable(text);
    let (mut masked, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices('=') {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let before = text[..at].trim_end_matches(is_of_name);
        let separates = before.ends_with(['?', '&', '#']) || before.ends_with("&amp;") || before.ends_with("&#38;");
        if at < from || !separates {
            continue;
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>' | '\\' | '`');
        let end = text[at + 1..].find(ends).map_or(text.len(), |length| at + 1 + length);
        if is_secret_parameter(&text[before.len()..at], &text[at + 1..end]) {
            masked.push_str(&text[from..=at]);
            masked.push_str(MASK);
            from = end;
        }
    }
    masked.push_str(&text[from..]);
    (from > 0).then_some(masked)
}

/// A text in which no JWT can be used: signatures (RFC 7515 §7.1), and what JWE encrypts (RFC 7516 §7.1), are masked. What is
/// masked already may be a part of one.
pub fn without_signatures(text: &str) -> Cow<'_, str> {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '·');
    let (mut masked, mut from) = (String::new(), 0);
    for (dot, _) in text.match_indices('.') {
        let start = text[..dot].trim_end_matches(is_of_token).len();
        if start < from || text[..start].ends_with('.') || !is_jose_header(&text.as_bytes()[start..dot]) {
            continue;
        }
        let mut at = dot + 1;
        for part in 1..5 {
            let rest = &text[at..];
            let length = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
            if part > 1 && length >= SHORTEST_SIGNATURE {
                masked.push_str(&text[from..at]);
                masked.push_str(MASK);
                from = at + length;
            }
            if !rest[length..].starts_with('.') {
                break;
            }
            at += length + 1;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[from..]);
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_carries_a_credential_is_masked_wherever_it_stands() {
        for (text, masked) in [
            (r#"{"data": {"access_token" : "fresh\"er", "b":1}}"#, r#"{"data": {"access_token" : "···", "b":1}}"#),
            (r#"{"scope":"a","refresh_token":"cut o"#, r#"{"scope":"a","refresh_token":"···"#),
            (r#"<script>x={"a":"b","password":"p"}</script>"#, r#"<script>x={"a":"b","password":"···"}</script>"#),
            (r#"{"code":"invalid_token","a":{"id_token":"x"}}"#, r#"{"code":"invalid_token","a":{"id_token":"···"}}"#),
            (r#"{"idToken":"x","device_code":"y"}"#, r#"{"device_code":"···","idToken":"···"}"#),
            (r#"{"token":"","key":7,"a":"token"}"#, r#"{"token":"","key":7,"a":"token"}"#),
        ] {
            assert_eq!(masked_members(text), masked, "{text}");
        }
    }

    #[test]
    fn what_an_exchange_carries_by_its_place_is_found_elsewhere() {
        use crate::observe::{Request, Response, Silence};
        let request = Request::new("POST", "/").header("Cookie", "sid=U5QuThKztdAk; back=/account/profile").with_body(
            "application/x-www-form-urlencoded",
            "csrf_token=rCdnDdGpsWnzjJcwtBqngflZ&name=orders-2026-and-later",
        );
        let headers =
            [("Set-Cookie", "hid=\"7Tq0uThKztdAk\"; Path=/account"), ("Location", "/cb?code=a8Kq27ZxP0sL&state=s1")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.into())).to_vec();
        let body = br#"{"refresh_token":"ZxP0sLa8Kq27ZxP0sL","token":"orders-2026","key":"a"}"#.to_vec();
        let answer = Ok(Response { status: 200, headers, body, truncated: false });
        let mut scrubber = Scrubber::default();
        Exchange { answer, ..Exchange::unanswered(request, Silence::Closed) }.teach(&mut scrubber);
        let page =
            b"<meta name=csrf-token content=Hk3LpR9sVq2WtY6uXb8NcM4d><input name=next value=/orders/Xy7mN3bVc5QwE1rTz>"
                .to_vec();
        let answer = Ok(Response { status: 200, headers: Vec::new(), body: page, truncated: false });
        Exchange { answer, ..Exchange::unanswered(Request::new("GET", "/"), Silence::Closed) }.teach(&mut scrubber);
        for (text, clean) in [
            ("Hk3LpR9sVq2WtY6uXb8NcM4d /orders/Xy7mN3bVc5QwE1rTz", "··· /orders/Xy7mN3bVc5QwE1rTz"),
            ("opened by U5QuThKztdAk", "opened by ···"),
            ("opened by 7Tq0uThKztdAk", "opened by ···"),
            ("opened by a8Kq27ZxP0sL", "opened by ···"),
            ("opened by ZxP0sLa8Kq27ZxP0sL", "opened by ···"),
            ("opened by rCdnDdGpsWnzjJcwtBqngflZ of orders-2026-and-later", "opened by ··· of orders-2026-and-later"),
            ("GET /account/profile of orders-2026", "GET /account/profile of orders-2026"),
        ] {
            assert_eq!(scrubber.scrub(text), clean);
        }
    }

    #[test]
    fn cookies_keep_their_names_and_their_attributes() {
        for (field, masked) in [
            ("sid=U5QuThKz; Path=/; HttpOnly", "sid=···; Path=/; HttpOnly"),
            ("sid=a=b", "sid=···"),
            ("sid=", "sid="),
            ("sid=\"\"; Max-Age=0", "sid=\"\"; Max-Age=0"),
            ("rememberMe=deleteMe; Path=/", "rememberMe=deleteMe; Path=/"),
            ("U5QuThKz; Path=/", "···; Path=/"),
            ("; Path=/", "; Path=/"),
        ] {
            assert_eq!(masked_set_cookie(field.as_bytes()), masked, "{field}");
        }
        for (field, masked) in
            [("a=1; sid=U5QuThKz", "a=···; sid=···"), ("a=; b=\"x;y\"", "a=; b=···;···"), ("U5QuThKz", "···"), ("", "")]
        {
            assert_eq!(masked_cookies(field.as_bytes()), masked, "{field}");
        }
        assert_eq!(masked_cookies(b"sid=\xff\xfe"), "sid=···");
    }

    #[test]
    fn credentials_in_addresses_are_masked_and_the_rest_stays() {
        for (text, masked) in [
            ("/cb?code=a8Kq27ZxP0sL&state=s1", Some("/cb?code=···&state=s1")),
            ("https://a/cb#id_token=x.y.z&state=s1", Some("https://a/cb#id_token=···&state=s1")),
            ("<a href=\"/r?lang=en&amp;token=a8Kq\">x</a>", Some("<a href=\"/r?lang=en&amp;token=···\">x</a>")),
            ("</a?token=x>; rel=next, </b?token=y>", Some("</a?token=···>; rel=next, </b?token=···>")),
            ("/cb?error=access_denied&code=404", None),
            ("/login?next=/account", None),
            ("token=abc", None),
            ("/a?token=", None),
        ] {
            assert_eq!(masked_addresses(text.as_bytes()).as_deref(), masked, "{text}");
        }
    }

    #[test]
    fn no_signature_of_a_token_is_shown() {
        const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
        const SIGNATURE: &str = "4pQz8sLk1VdXn0Rw7uTbYcJm2GhEf5Ao";
        for (text, masked) in [
            (format!("x {HEADER}.eyJhIjoxfQ.{SIGNATURE} y"), format!("x {HEADER}.eyJhIjoxfQ.··· y")),
            (format!("{HEADER}.eyJh···fQ.{SIGNATURE}"), format!("{HEADER}.eyJh···fQ.···")),
            (format!("{HEADER}..{SIGNATURE}"), format!("{HEADER}..···")),
            (
                format!("{HEADER}.{SIGNATURE}.abc.{SIGNATURE}.{SIGNATURE}~x"),
                format!("{HEADER}.{SIGNATURE}.abc.···.···~x"),
            ),
            // of a token that was forged without a signature, and of what is none, all is shown
            (format!("{HEADER}.eyJhIjoxfQ."), format!("{HEADER}.eyJhIjoxfQ.")),
            (format!("{HEADER}.eyJhIjoxfQ.AAAA"), format!("{HEADER}.eyJhIjoxfQ.AAAA")),
            (format!("www.example.{SIGNATURE}"), format!("www.example.{SIGNATURE}")),
            (format!("{HEADER}.···"), format!("{HEADER}.···")),
        ] {
            assert_eq!(without_signatures(&text), masked, "{text}");
            assert_eq!(without_signatures(&masked), masked);
        }
    }
}
