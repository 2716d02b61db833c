//! Requests that were not answered, and answers that say nothing about a credential.

use crate::observe::{Observation, Outcome, Silence, meaning_of_status};

/// Values of this length fit the limits of all servers.
const SHORT: usize = 1000;

/// What is said of a request that may have ended a process, for people.
pub(crate) const ENDED: &str = "no whole answer, each time: the connection is closed";

/// Whether a connection was closed, each time, on short values of printable ASCII alone: that is no parser that finds no request,
/// and may be a process that ended.
pub(crate) fn ends_a_process(seen: &Observation) -> bool {
    let mut headers = seen.exchange.request.headers.iter();
    seen.reproduced
        && matches!(seen.exchange.answer, Err(Silence::Closed))
        && headers.all(|header| is_plain(&header.value))
}

/// Whether a request has no body, or a short one of printable ASCII alone.
pub(super) fn has_plain_body(seen: &Observation) -> bool {
    is_plain(&seen.exchange.request.body)
}

fn is_plain(value: &[u8]) -> bool {
    value.len() <= SHORT && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

pub(super) fn closed(observation: &Observation) -> bool {
    matches!(observation.exchange.answer, Err(Silence::Closed))
}

/// Why an answer says nothing about the credential, if it does not.
pub(super) fn tells_nothing(observation: &Observation) -> Option<String> {
    let description = &observation.description;
    match &observation.exchange.answer {
        // an alert of the handshake is a refusal in so many words
        Err(_) if observation.outcome == Outcome::Refused => None,
        Err(silence) => Some(format!("{description}: no answer ({silence})")),
        Ok(response) if response.status >= 400 && meaning_of_status(response.status) == Outcome::Unclear => {
            Some(format!("{description}: {} says nothing about the credential", response.status))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::judgement::{Judgement, ObservedCheck};
    use crate::check::profile::Effective;
    use crate::check::step::{Accept, INVALID, Want};
    use crate::observe::{Evidence, Exchange, Request, Response};

    #[test]
    fn a_closed_connection_refuses_odd_bytes_beside_refusals_and_is_a_warning_on_plain_ones() {
        let check = find("basic.malformed-credentials-denied").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "basic");
        let judged = |value: &[u8], beside_a_refusal: bool, accepts: &'static [Accept]| {
            let request = Request::new("GET", "/").credential_header("Authorization", value);
            let closed = Exchange::unanswered(request.clone(), Silence::Closed);
            let closed = Observation { reproduced: true, ..Observation::in_test(0, closed, Outcome::Silent) };
            let mut evidence = Evidence::default();
            evidence.observe(closed);
            if beside_a_refusal {
                let answer = Response { status: 401, headers: Vec::new(), body: Vec::new(), truncated: false };
                let refused = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
                evidence.observe(Observation::in_test(1, refused, Outcome::Refused));
            }
            let mut judgement = Judgement::default();
            let case = ObservedCheck { check, evidence: &evidence, profile: &profile };
            case.judge_as(0, Want::Denied(accepts), &mut judgement);
            (judgement.advice.len(), judgement.open.len())
        };
        // where the check names no such end, odd bytes are left open
        for (value, beside_a_refusal, expected) in
            [(&b"Basic YTpi"[..], true, (1, 0)), (b"Basic YTpi\xa0", true, (0, 1)), (b"Basic YTpi", false, (0, 1))]
        {
            assert_eq!(judged(value, beside_a_refusal, &[INVALID]), expected, "{value:?} {beside_a_refusal}");
        }
        for (value, beside_a_refusal, expected) in [
            (&b"Basic YTpi"[..], true, (1, 0)),
            (b"Basic YTpi\xa0", true, (0, 0)),
            (b"Basic YTpi\x1f", true, (0, 0)),
            (b"Basic YTpi", false, (0, 1)),
            (b"Basic YTpi\xa0", false, (0, 1)),
        ] {
            let judged = judged(value, beside_a_refusal, &[INVALID, Accept::Closed]);
            assert_eq!(judged, expected, "{value:?} {beside_a_refusal}");
        }
    }
}
