//! Faults of the verifier of signed requests, and what they do.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;

use super::{decoded_query, same};
use crate::reference::fault::{Fault, row, variant};
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::reference::wait::busy_wait;
use crate::seed::IDENTITIES;

/// What each digit of a faulty comparison takes: far more than a real one, so that few samples show it.
const PER_DIGIT: Duration = Duration::from_micros(20);

/// Faults of signatures.
pub(crate) const FAULTS: &[Fault] = &[
    row("hmac-rejects-everything", "hmac.valid-accepted", "refuses every signature"),
    row(
        "hmac-signature-optional",
        "hmac.missing-or-partial-signature-denied",
        "verifies a signature where there is one",
    ),
    row("truncated-compare", "hmac.signature-compared-fully", "compares as many digits as it was sent"),
    variant("any-scope", "hmac.signature-compared-fully", "takes the region and the service from the request"),
    row("body-hash-not-recomputed", "hmac.body-tamper-denied", "believes the digest of the body that the client sends"),
    variant(
        "chunk-signatures-ignored",
        "hmac.body-tamper-denied",
        "verifies the signature of a head and not those of its chunks",
    ),
    variant("last-chunk-optional", "hmac.body-tamper-denied", "accepts a body in chunks that ends before its last one"),
    row("query-not-signed", "hmac.request-line-tamper-denied", "leaves the query out of what is signed"),
    variant(
        "nameless-parameters-unsigned",
        "hmac.request-line-tamper-denied",
        "leaves parameters without a name out of what is signed",
    ),
    variant(
        "keeps-last-parameter",
        "hmac.request-line-tamper-denied",
        "signs the last value of a repeated parameter, and reads the first",
    ),
    row("empty-signed-headers-ok", "hmac.signed-header-tamper-denied", "accepts an empty list of signed fields"),
    row("signs-raw-query", "hmac.query-order-canonical", "takes the query as it is sent for the signed one"),
    row("undelimited-concat", "hmac.canonicalisation-unambiguous", "joins path and query without a separator"),
    variant("decodes-signed-query", "hmac.canonicalisation-unambiguous", "signs the decoded text of the query"),
    row("timestamp-ignored", "hmac.timestamp-window", "never compares the time of a signature"),
    row("no-nonce-store", "hmac.replay-denied", "accepts a nonce a second time"),
    row("early-exit-mac-compare", "hmac.timing-safe-compare", "compares digits until the first difference"),
    row("returns-expected-mac", "hmac.no-expected-signature-in-error", "says which signature it expected"),
    variant(
        "returns-expected-mac-of-writes",
        "hmac.no-expected-signature-in-error",
        "says which signature it expected where something is written",
    ),
];

/// The principal that a request without a signature is taken for.
pub(in crate::reference::scheme) fn unsigned(state: &ReferenceState) -> Option<Arc<Principal>> {
    state.fault("hmac-signature-optional").then(|| Arc::new(principal(&IDENTITIES[0])))
}

/// The query as it is signed.
pub(super) fn canonical_query(state: &ReferenceState, query: &str) -> String {
    match query {
        _ if state.fault("query-not-signed") => String::new(),
        query if state.fault("signs-raw-query") => query.to_owned(),
        query if state.fault("decodes-signed-query") => decoded_query(query),
        query if state.fault("nameless-parameters-unsigned") => {
            let named = query.split('&').filter(|pair| !pair.starts_with('=')).collect::<Vec<_>>();
            super::canonical_query(&named.join("&"))
        }
        query if state.fault("keeps-last-parameter") => super::canonical_query(&last_of_each(query)),
        query => super::canonical_query(query),
    }
}

/// The pairs of a query of which none has the name of a later one, as a map of parameters is filled.
fn last_of_each(query: &str) -> String {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let pairs: Vec<&str> = query.split('&').collect();
    let is_last = |(at, pair): &(usize, &&str)| pairs[at + 1..].iter().all(|later| name(later) != name(pair));
    let kept: Vec<&str> = pairs.iter().enumerate().filter(is_last).map(|(_, pair)| *pair).collect();
    kept.join("&")
}

/// Whether a signature is the expected one; in constant time where no fault is open.
pub(in crate::reference::scheme) fn compare(state: &ReferenceState, expected: &str, signature: &str) -> bool {
    if state.fault("early-exit-mac-compare") {
        let common = expected.bytes().zip(signature.bytes()).take_while(|(one, other)| one == other).count();
        busy_wait(PER_DIGIT * u32::try_from(common).unwrap_or(0));
    }
    if state.fault("truncated-compare") && !signature.is_empty() {
        return expected.get(..signature.len()).is_some_and(|start| same(start, signature));
    }
    same(expected, signature)
}

/// A refusal that says more than it should.
pub(in crate::reference::scheme) fn talkative(
    state: &ReferenceState,
    method: &Method,
    rejection: Rejection,
    expected: &str,
) -> Rejection {
    let of_write = !method.is_safe() && state.fault("returns-expected-mac-of-writes");
    match of_write || state.fault("returns-expected-mac") {
        true => Rejection { detail: Some(format!("expected={expected}")), ..rejection },
        false => rejection,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_parameter_is_kept() {
        for (query, kept) in [("a=1", "a=1"), ("a=2&a=1", "a=1"), ("a=2&b=3&a=1&c", "b=3&a=1&c"), ("", "")] {
            assert_eq!(last_of_each(query), kept, "{query}");
        }
    }
}
