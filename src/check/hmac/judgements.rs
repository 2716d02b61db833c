//! What answers to signed requests say.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{ENCODED, PLAIN_QUERY, REORDERED, SAME_NAME, SKEW_AHEAD, SKEW_BEHIND, WRITTEN};
use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{INVALID, Want};
use crate::observe::{Outcome, Request, Response};

/// Digits of a signature, which is a SHA-256.
const DIGITS: usize = 64;
/// Characters of its Base64 without padding (RFC 4648 §3.2).
const CHARACTERS: usize = 43;

/// Other orders and encodings are accepted where the same parameters are, in order.
pub(super) fn query_is_canonical(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, plain) in case.observations_of(PLAIN_QUERY) {
        if plain.outcome != Outcome::Granted {
            case.judge_as(index, Want::Either, &mut judgement);
            let why = "the target refuses a request with parameters that it does not know, so nothing can be compared";
            judgement.leaves_open(why.to_owned());
            return judgement;
        }
    }
    for step in [REORDERED, ENCODED] {
        case.observations_of(step).for_each(|(index, _)| case.judge_as(index, Want::Granted, &mut judgement));
    }
    for (_, seen) in case.observations_of(SAME_NAME) {
        let order = if seen.outcome == Outcome::Granted { "does not count" } else { "counts" };
        judgement.remarks.push(format!("the order of two values under one name {order}"));
    }
    judgement
}

/// Times outside the window are refused. A server that allows for no skew of clocks refuses correct clients.
pub(super) fn within_the_window(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in [SKEW_BEHIND, SKEW_AHEAD].into_iter().flat_map(|step| case.observations_of(step)) {
        if seen.outcome == Outcome::Refused {
            judgement.advises(index, case.about(index, "access was refused"), "granted");
        }
    }
    judgement
}

/// The same bytes are refused the second time. A scheme without a nonce cannot refuse them: what may be read is read again,
/// and what writes is worth a warning.
pub(super) fn not_replayed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut read_again = false;
    for (index, seen) in case.observations() {
        let request = &seen.exchange.request;
        if seen.forgery.is_none() || seen.outcome != Outcome::Granted || has_nonce(request) {
            case.judge(index, &mut judgement);
            continue;
        }
        match matches!(request.method.as_str(), "GET" | "HEAD") {
            true => read_again = true,
            false => judgement.advises(index, case.about(index, "it was accepted a second time"), "refused"),
        }
    }
    if read_again {
        judgement.remarks.push("the scheme has no nonce: a signed reading is accepted a second time".to_owned());
    }
    judgement
}

/// Whether a credential can be told from the next one of the same request.
fn has_nonce(request: &Request) -> bool {
    let line = request.value_of("authorization").map(String::from_utf8_lossy);
    line.is_some_and(|line| line.contains("nonce=\""))
}

/// Wrong signatures are refused, and no refusal shows the signature that it expected.
pub(super) fn expected_signature_stays_hidden(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, _) in case.observations_of(WRITTEN) {
        case.judge_as(index, Want::Denied(&[INVALID]), &mut judgement);
    }
    let mut text_is_shown = false;
    for (index, seen) in case.observations() {
        let (Some(response), request) = (seen.exchange.response(), &seen.exchange.request) else { continue };
        let sent = signature_of(request);
        if sent.is_some_and(|sent| shown_digits(response).any(|shown| differs_in_one(&shown, &sent))) {
            let text = case.about(index, "the answer shows the signature that it expected");
            judgement.violates_by(Explanation::Secret, index, text, "an error without the signature");
        } else if shows_the_text(request, response) && !text_is_shown {
            text_is_shown = true;
            // it holds nothing that the client does not know, and helps who debugs one
            judgement.remarks.push(format!("{}: the answer shows the text that is signed", seen.description));
            judgement.needs_review = true;
        }
    }
    judgement
}

/// The signature that a request carries, in lower-case digits.
fn signature_of(request: &Request) -> Option<String> {
    let field = request.value_of("authorization").unwrap_or_default();
    runs(field).next_back().or_else(|| runs(&request.target).next_back())
}

/// Runs of as many hexadecimal digits as a signature has.
fn runs(text: &[u8]) -> impl DoubleEndedIterator<Item = String> {
    let parts = text.split(|byte| !byte.is_ascii_hexdigit()).filter(|part| part.len() == DIGITS);
    parts.map(|part| String::from_utf8_lossy(part).to_ascii_lowercase())
}

/// What an answer shows that may be a signature: digits, or Base64 of as many bytes.
fn shown_digits(response: &Response) -> impl Iterator<Item = String> {
    let fields = response.headers.iter().map(|(_, value)| &value[..]);
    let texts = fields.chain([&response.body[..]]).collect::<Vec<_>>();
    texts.into_iter().flat_map(|text| runs(text).chain(encoded(text)).collect::<Vec<_>>())
}

/// The digits of what is written in Base64, in the alphabet of MIME or in that of addresses.
fn encoded(text: &[u8]) -> impl Iterator<Item = String> {
    const ALPHABETS: [(&[u8], &GeneralPurpose); 2] = [(b"+/", &STANDARD_NO_PAD), (b"-_", &URL_SAFE_NO_PAD)];
    ALPHABETS.into_iter().flat_map(move |(marks, engine)| {
        let parts = text.split(move |byte| !(byte.is_ascii_alphanumeric() || marks.contains(byte)));
        let decoded = parts.filter(|part| part.len() == CHARACTERS).filter_map(|part| engine.decode(part).ok());
        decoded.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    })
}

/// Whether two signatures differ in a single digit, as what was sent and what would have been right.
fn differs_in_one(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count() == 1
}

/// Whether an answer has the line of the method and the line of the path after it.
fn shows_the_text(request: &Request, response: &Response) -> bool {
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let path = target.split('?').next().unwrap_or_default();
    let body = String::from_utf8_lossy(&response.body);
    ["\n", "\\n", "&#10;", "&#xA;"].iter().any(|line| body.contains(&format!("{}{line}{path}", request.method)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Response {
        Response { status: 403, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false }
    }

    #[test]
    fn the_expected_signature_is_found_in_digits_and_in_base64_and_the_sent_one_is_not() {
        let expected = "0f".repeat(32);
        let sent = format!("{}e", &expected[..63]);
        let bytes = [0x0f; 32];
        for (body, shown) in [
            (format!("expected={expected}"), true),
            (format!("expected={}", expected.to_uppercase()), true),
            (format!("{{\"expected\":\"{}=\"}}", STANDARD_NO_PAD.encode(bytes)), true),
            (format!("expected={}", URL_SAFE_NO_PAD.encode(bytes)), true),
            (format!("got {sent}"), false),
            (format!("trace {}", "a1".repeat(32)), false),
            ("denied".to_owned(), false),
        ] {
            let found = shown_digits(&response(&body)).any(|digits| differs_in_one(&digits, &sent));
            assert_eq!(found, shown, "{body}");
        }
    }

    #[test]
    fn the_signature_is_read_from_the_field_or_the_target() {
        let (body, signature) = ("b2".repeat(32), "a1".repeat(32));
        let field = format!("HMAC-SHA256 body=\"{body}\", signature=\"{signature}\"");
        let request = Request::new("GET", "/a?x=1").credential_header("Authorization", field);
        assert_eq!(signature_of(&request).as_deref(), Some(signature.as_str()));
        let beside =
            Request::new("GET", &format!("/blobs/{body}")).credential_header("Authorization", signature.clone());
        assert_eq!(signature_of(&beside).as_deref(), Some(signature.as_str()));
        let presigned = Request::new("GET", &format!("/a?X-Amz-Signature={signature}"));
        assert_eq!(signature_of(&presigned).as_deref(), Some(signature.as_str()));
    }

    #[test]
    fn the_text_that_is_signed_is_two_lines_of_it() {
        let request = Request::new("GET", "/orders?a=1");
        assert!(shows_the_text(&request, &response("<CanonicalRequest>GET\n/orders\na=1\n")));
        assert!(shows_the_text(&request, &response("{\"text\":\"GET\\n/orders\\n\"}")));
        assert!(!shows_the_text(&request, &response("GET /orders was refused")));
    }
}
