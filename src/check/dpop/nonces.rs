//! Nonces that servers ask for in proofs (RFC 9449 §8, §9).

use super::judgements;
use crate::check::step::{Accept, On, forged, send};
use crate::check::{Check, Doc, Level, REFUSAL, Severity, Tier};
use crate::observe::StepId;

/// A proof without a nonce, and one with a nonce that nobody sent.
pub(super) const WITHOUT: StepId = StepId::new("without");
pub(super) const MADE_UP: StepId = StepId::new("made-up");

const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "dpop.nonce-protocol",
    title: "A nonce that a resource asks for is named correctly and enforced",
    level: Level::Must,
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: &["RFC 9449 §9", "RFC 9449 §8", "RFC 9449 §8.1", "RFC 9449 §4.3", "RFC 9449 §11.3"],
    doc: Doc {
        sends: "To each protected resource that is read, a proof without a nonce; and a proof with a nonce that the target never sent. Where the first is refused with use_dpop_nonce, the second has to be refused as well.",
        matters: "A nonce limits how long a proof lives. A server that asks for one and accepts any limits nothing.",
        fix: "Answer 401 with `WWW-Authenticate: DPoP error=\"use_dpop_nonce\"` and one DPoP-Nonce, and refuse every nonce that the server did not send recently.",
    },
    steps: &[
        send(forged("no-nonce"), On::EachGet).id(WITHOUT),
        send(forged("nonce-made-up"), On::EachGet).denied(REFUSED).id(MADE_UP),
    ],
    expect: judgements::nonce_enforced,
    fault: "nonce-not-checked",
    ..REFUSAL
}];
