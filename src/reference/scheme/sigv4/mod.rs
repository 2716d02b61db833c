//! AWS Signature Version 4, in the `Authorization` field or in the query.

mod chunks;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};

use super::hmac::{Signers, faults};
use super::is_live;
use crate::clock;
use crate::reference::rejection::Rejection;
use crate::reference::request::{ReceivedBody, header_values, host_of};
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::{SIGV4_REGION, SIGV4_SERVICE};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How old, or how far ahead, a signature may be, in seconds.
const WINDOW: i64 = 300;
/// The longest life of a presigned address, in seconds.
const LONGEST: i64 = 604_800;
/// Everything but unreserved characters (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a request says of its signature.
struct Claimed {
    credential: String,
    names: String,
    signature: String,
    time: String,
    /// Seconds for which a presigned address lives.
    expires: Option<i64>,
}

/// Why a request is refused before its signature is looked at.
enum Unread {
    /// There is no signature.
    Missing,
    /// There is something that is none.
    Malformed,
    /// It is of another kind.
    Other,
}

/// Who sent a request.
pub(crate) fn verify(state: &ReferenceState, signers: &Signers, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let asked =
        |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(format!("{ALGORITHM} realm=\"orders\""));
    let denied = |error| match state.strict {
        true => asked(error),
        false => Rejection::new(StatusCode::FORBIDDEN, error),
    };
    let bad = || match state.fault("panics-on-bad-base64") {
        true => Rejection::broken(),
        false => Rejection::new(StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let claimed = match claimed(parts) {
        Ok(claimed) => claimed,
        Err(Unread::Missing) => return faults::unsigned(state).ok_or_else(|| asked("missing_credentials")),
        Err(Unread::Malformed) => return Err(bad()),
        Err(Unread::Other) => return Err(asked("invalid_credentials")),
    };
    let scope: Vec<&str> = claimed.credential.split('/').collect();
    let [key_id, day, region, service, "aws4_request"] = scope[..] else { return Err(bad()) };
    if (region, service) != (SIGV4_REGION, SIGV4_SERVICE) && !state.fault("any-scope") {
        return Err(denied("wrong_scope"));
    }
    let now = clock::unix_seconds();
    let ignores_time = state.fault("timestamp-ignored");
    let time = match seconds(&claimed.time) {
        Some(time) if claimed.time.get(..8) == Some(day) => time,
        _ if ignores_time => now,
        Some(_) => return Err(denied("wrong_scope")),
        None => return Err(bad()),
    };
    let lives = claimed.expires.unwrap_or(WINDOW);
    if !ignores_time && (now - time > lives || time - now > WINDOW || !(1..=LONGEST).contains(&lives)) {
        return Err(denied("signature_expired"));
    }
    let names: Vec<&str> = claimed.names.split(';').filter(|name| !name.is_empty()).collect();
    let body = payload(state, parts).ok_or_else(|| denied("invalid_signature"))?;
    let canonical = canonical_request(parts, (&claimed.names, &names), &body).filter(|_| covers(state, &names, parts));
    let canonical = canonical.ok_or_else(|| denied("invalid_signature"))?;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let known = signers.secret_of(key_id);
    // an unknown key takes as long as a known one
    let secret = known.map_or("no-such-key", |(secret, _)| secret);
    let key = derived_key(secret, [day, region, service, "aws4_request"]);
    let expected = signature(&key, (&claimed.time, &scope), &canonical);
    let fits = faults::compare(state, &expected, &claimed.signature);
    let found = known.filter(|(_, holder)| fits && is_live(state, holder.state)).map(|(_, holder)| holder);
    let found = found.filter(|_| !state.fault("hmac-rejects-everything"));
    let found = found.ok_or_else(|| faults::talkative(state, &parts.method, denied("invalid_signature"), &expected))?;
    let chunks = chunks::ChunkVerifier { key: &key, dated: (&claimed.time, &scope), seed: &expected };
    if body == chunks::PAYLOAD && !chunks_fit(state, &chunks, parts) {
        return Err(denied("invalid_signature"));
    }
    // each request of an SDK has an identifier, so that the signature of a write is a new one each time
    let once = claimed.expires.is_none() && !parts.method.is_safe();
    if once && !signers.is_fresh((key_id, &claimed.signature), time, now) && !state.fault("no-nonce-store") {
        return Err(denied("replayed"));
    }
    Ok(found.principal.clone())
}

/// The key of a secret for a day, a region and a service.
fn derived_key(secret: &str, scope: [&str; 4]) -> hmac::Key {
    let key = scope.iter().fold(format!("AWS4{secret}").into_bytes(), |key, step| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), step.as_bytes()).as_ref().to_vec()
    });
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}

/// The text of a request; none where a signed field is not there.
fn canonical_request(parts: &Parts, (list, names): (&str, &[&str]), body: &str) -> Option<String> {
    let fields = signed_fields(names, parts)?;
    let query = canonical_query(parts.uri.query().unwrap_or_default());
    let path = canonical_path(parts.uri.path());
    Some(format!("{}\n{path}\n{query}\n{fields}\n{list}\n{body}", parts.method))
}

/// The signature of that text.
fn signature(key: &hmac::Key, (time, scope): (&str, &str), canonical: &str) -> String {
    let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hexadecimal(&Sha256::digest(canonical)));
    hexadecimal(hmac::sign(key, text.as_bytes()).as_ref())
}

/// Whether the chunks of a body are signed, and have the length that their request names.
fn chunks_fit(state: &ReferenceState, chunks: &chunks::ChunkVerifier<'_>, parts: &Parts) -> bool {
    let length = header_values(&parts.headers, "x-amz-decoded-content-length").unwrap_or_default();
    let [length] = length.as_slice() else { return false };
    let received = parts.extensions.get::<ReceivedBody>().map(|body| &body.0[..]).unwrap_or_default();
    length.parse().is_ok_and(|length| chunks.accepts(state, received, length))
}

/// What a request says of its signature, in the field or in the query.
fn claimed(parts: &Parts) -> Result<Claimed, Unread> {
    let lines = header_values(&parts.headers, "authorization").map_err(|_| Unread::Malformed)?;
    let query = parameters(parts.uri.query().unwrap_or_default());
    match (lines.as_slice(), query.contains_key("X-Amz-Signature")) {
        ([], false) => Err(Unread::Missing),
        ([], true) => in_query(&query),
        ([line], false) => in_field(line, parts),
        _ => Err(Unread::Malformed),
    }
}

fn in_field(line: &str, parts: &Parts) -> Result<Claimed, Unread> {
    let (scheme, rest) = line.split_once(' ').ok_or(Unread::Other)?;
    if !scheme.eq_ignore_ascii_case(ALGORITHM) {
        return Err(Unread::Other);
    }
    let mut members = BTreeMap::new();
    for member in rest.split(',') {
        let (name, value) = member.trim().split_once('=').ok_or(Unread::Malformed)?;
        if members.insert(name, value.to_owned()).is_some() {
            return Err(Unread::Malformed);
        }
    }
    let mut take = |name: &str| members.remove(name).ok_or(Unread::Malformed);
    let times = header_values(&parts.headers, "x-amz-date").map_err(|_| Unread::Malformed)?;
    let [time] = times.as_slice() else { return Err(Unread::Malformed) };
    Ok(Claimed {
        credential: take("Credential")?,
        names: take("SignedHeaders")?,
        signature: take("Signature")?,
        time: (*time).to_owned(),
        expires: None,
    })
}

fn in_query(query: &BTreeMap<String, Vec<String>>) -> Result<Claimed, Unread> {
    let take = |name: &str| match query.get(name).map(Vec::as_slice) {
        Some([value]) => Ok(value.clone()),
        _ => Err(Unread::Malformed),
    };
    if take("X-Amz-Algorithm")? != ALGORITHM {
        return Err(Unread::Other);
    }
    let expires = take("X-Amz-Expires")?.parse().map_err(|_| Unread::Malformed)?;
    Ok(Claimed {
        credential: take("X-Amz-Credential")?,
        names: take("X-Amz-SignedHeaders")?,
        signature: take("X-Amz-Signature")?,
        time: take("X-Amz-Date")?,
        expires: Some(expires),
    })
}

/// The parameters of a query, decoded; a plus sign is a plus sign.
fn parameters(query: &str) -> BTreeMap<String, Vec<String>> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.entry(decoded(name)).or_default().push(decoded(value));
    }
    found
}

/// Seconds since 1970 of a time in the basic format of ISO 8601.
fn seconds(text: &str) -> Option<i64> {
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(at).ok()?.as_second())
}

/// Whether the host and every field of AWS are among the signed ones, in order and each once.
fn covers(state: &ReferenceState, names: &[&str], parts: &Parts) -> bool {
    if state.fault("empty-signed-headers-ok") {
        return true;
    }
    let of_aws = parts.headers.keys().map(axum::http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    let ordered = names.windows(2).all(|pair| pair[0] < pair[1]);
    ordered && of_aws.chain(["host"]).all(|name| names.contains(&name))
}

/// The lines of the signed fields; none where one of them is not there.
fn signed_fields(names: &[&str], parts: &Parts) -> Option<String> {
    let mut lines = String::new();
    for name in names {
        let values: Vec<&str> = match *name {
            "host" => vec![host_of(parts)?],
            name => header_values(&parts.headers, name).ok()?,
        };
        if values.is_empty() {
            return None;
        }
        let trimmed: Vec<String> =
            values.iter().map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        lines.push_str(&format!("{name}:{}\n", trimmed.join(",")));
    }
    Some(lines)
}

/// What is signed of the body; none where the client says something else of it.
fn payload(state: &ReferenceState, parts: &Parts) -> Option<String> {
    let received = parts.extensions.get::<ReceivedBody>().map(|body| &body.0[..]).unwrap_or_default();
    let computed = hexadecimal(&Sha256::digest(received));
    match header_values(&parts.headers, "x-amz-content-sha256").ok()?.as_slice() {
        [] => Some(computed),
        [said] if *said == computed || *said == chunks::PAYLOAD || state.fault("body-hash-not-recomputed") => {
            Some((*said).to_owned())
        }
        _ => None,
    }
}

/// The path without empty segments and dots, encoded once more.
fn canonical_path(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        match segment {
            ".." => {
                kept.pop();
            }
            segment => kept.push(percent_encode(segment.as_bytes(), RESERVED).to_string()),
        }
    }
    let end = if path.len() > 1 && path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// The pairs of the query but for the signature, encoded anew and sorted.
fn canonical_query(query: &str) -> String {
    let anew = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&decoded, RESERVED).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (anew(name), anew(value))).collect();
    pairs.retain(|(name, _)| name != "X-Amz-Signature");
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// A request of the suite; none where its target is none that a server could receive.
    fn request(text: &str) -> Option<Parts> {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines: Vec<String> = Vec::new();
        for line in head.lines() {
            match lines.last_mut().filter(|_| line.starts_with(' ')) {
                // a folded line goes on with the value before it
                Some(last) => last.push_str(line),
                None => lines.push(line.to_owned()),
            }
        }
        let (start, _) = lines[0].rsplit_once(' ')?;
        let (method, target) = start.split_once(' ')?;
        let built = axum::http::Request::builder().method(method).uri(target);
        let built = lines[1..].iter().fold(built, |built, line| match line.split_once(':') {
            Some((name, value)) => built.header(name, value.trim()),
            None => built,
        });
        let mut parts = built.body(()).ok()?.into_parts().0;
        parts.extensions.insert(ReceivedBody(body.trim_end_matches('\n').to_owned().into()));
        Some(parts)
    }

    #[test]
    fn signatures_are_those_of_the_suite() {
        let suite: Value = serde_json::from_str(include_str!("../../../../tests/vectors/sigv4.json")).expect("JSON");
        let faults = crate::reference::fault::Faults::default();
        let location = crate::reference::state::KeyLocation::Header("X-API-Key".to_owned());
        let state = ReferenceState::new(faults, location, std::time::Duration::ZERO, false);
        let mut verified = 0;
        for case in suite["cases"].as_array().expect("cases") {
            for form in ["header_signed", "query_signed"] {
                let (name, text) = (&case["name"], case[form].as_str().expect("text"));
                let target = text.lines().next().expect("a start line");
                let is_received = target.split(' ').count() == 3 && target.is_ascii();
                // this server normalises every path, and signs every parameter of a query
                let signs_all = case["signs_token"] == true || form == "header_signed";
                if !is_received || case["normalizes"] != true || !signs_all {
                    continue;
                }
                let parts = request(text).expect("a request");
                let claimed = claimed(&parts).ok().expect("is signed");
                let names: Vec<&str> = claimed.names.split(';').collect();
                let body = payload(&state, &parts).expect("a body");
                let canonical = canonical_request(&parts, (&claimed.names, &names), &body).expect("has its fields");
                let canonical_of = form.replace("signed", "canonical");
                assert_eq!(canonical, case[canonical_of].as_str().expect("text"), "{name} {form}");
                let (_, scope) = claimed.credential.split_once('/').expect("a scope");
                let steps: Vec<&str> = scope.split('/').collect();
                let key =
                    derived_key(case["secret_key"].as_str().expect("text"), [steps[0], steps[1], steps[2], steps[3]]);
                let made = signature(&key, (&claimed.time, scope), &canonical);
                assert_eq!(made, claimed.signature, "{name} {form}");
                verified += 1;
            }
        }
        assert_eq!(verified, 55);
        assert_eq!(seconds("20150830T123600Z"), Some(1_440_938_160));
        assert_eq!(seconds("2015-08-30T12:36:00Z"), None);
    }
}
