//! What an authorization server makes of client credentials that cannot be read, and of those that are nearly right (RFC 6749 §2.3.1,
//! §5.2).

use super::GRANT;
use crate::check::judgement::expect;
use crate::check::judgement::oauth;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, BasicSpelling, FormAuth, NearPassword, Want, token};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

/// RFC 6749 §5.2: whatever is wrong with it, it is a client error.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "token.malformed-client-auth",
        title: "Client credentials that cannot be read are refused like wrong ones",
        level: Level::Must,
        severity: Severity::Medium,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.2", "RFC 7617 §2", "RFC 4648 §3.3", "CWE-158"],
        doc: Doc {
            sends: "HTTP Basic that is empty, no Base64, without a colon, with a NUL, not UTF-8 and outside ASCII, and the good client \
                with a secret outside ASCII, and with a NUL or a colon and more behind its own. Then the good client in Base64 without \
                its padding, with more of it and with bits that belong to no byte, which many decoders take: that one of \
                those is accepted is worth a remark; and with a character outside the alphabet inside it, and with others or a \
                word behind it: that one of those is accepted is a warning.",
            matters: "A parser that breaks is a way to take the endpoint down, and clients can act on OAuth errors only.",
            fix: "Answer what does not decode like a wrong secret: 401, error invalid_client, WWW-Authenticate: Basic realm=\"…\".",
        },
        steps: &[
            token(FormAuth::Line("Basic"), &[GRANT]).denied(BAD_CLIENT).called("Basic and nothing after it"),
            token(FormAuth::Line("Basic !!not-base64!!"), &[GRANT]).denied(BAD_CLIENT).called("Basic with no Base64"),
            // "authbench-without-colon"
            token(FormAuth::Line("Basic YXV0aGJlbmNoLXdpdGhvdXQtY29sb24="), &[GRANT])
                .denied(BAD_CLIENT)
                .called("Basic without a colon"),
            // "authbench", a NUL, "a:x"
            token(FormAuth::Line("Basic YXV0aGJlbmNoAGE6eA=="), &[GRANT])
                .denied(BAD_CLIENT)
                .called("Basic with a NUL in the identifier"),
            // the bytes ff fe 3a 78
            token(FormAuth::Line("Basic //46eA=="), &[GRANT]).denied(BAD_CLIENT).called("Basic that is not UTF-8"),
            token(FormAuth::Line("Basic \u{fc}\u{fc}"), &[GRANT]).denied(BAD_CLIENT).called("Basic outside ASCII"),
            token(FormAuth::OtherSecret("\u{e9}"), &[GRANT]).denied(BAD_CLIENT).called("a secret outside ASCII"),
            token(FormAuth::SecretBefore("\0authbench"), &[GRANT])
                .denied(BAD_CLIENT)
                .called("the good secret with a NUL and more behind it"),
            token(FormAuth::SecretBefore(":authbench"), &[GRANT])
                .denied(BAD_CLIENT)
                .called("the good secret with a colon and more behind it"),
            token(FormAuth::Respelled(BasicSpelling::Unpadded), &[GRANT])
                .id(UNPADDED)
                .if_given()
                .called("the good client without the padding of its Base64"),
            token(FormAuth::Respelled(BasicSpelling::OverPadded), &[GRANT])
                .id(OVER_PADDED)
                .if_given()
                .called("the good client with more padding than Base64 has"),
            token(FormAuth::Respelled(BasicSpelling::LeftOverBits), &[GRANT])
                .id(LEFT_OVER_BITS)
                .if_given()
                .called("the good client with bits set that belong to no byte of its Base64"),
            token(FormAuth::Respelled(BasicSpelling::JunkInside), &[GRANT])
                .if_given()
                .called("the good client with a character outside Base64 inside its value"),
            token(FormAuth::Respelled(BasicSpelling::JunkBehind), &[GRANT])
                .if_given()
                .called("the good client with characters outside Base64 behind its value"),
            token(FormAuth::Respelled(BasicSpelling::WordBehind), &[GRANT])
                .if_given()
                .called("the good client with a word behind its value"),
        ],
        expect: refused_like_wrong,
        fault: "client-auth-crash",
        ..PLAIN
    },
    Check {
        id: "token.secret-near-miss",
        title: "A client with nearly the right secret is refused",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §2.3.1", "RFC 6749 §10.10", "CWE-178", "CWE-187", "OWASP API2:2023"],
        doc: Doc {
            sends: "The good client as the scenario has it, with its secret without the last character, with one more character, in the \
                other case (unless it has hexadecimal digits alone, which are the same number in either) and with a space behind it \
                (where that alone is accepted, the severity is low).",
            matters: "A secret that is compared in part, or without regard to case, is easier to guess than its length says.",
            fix: "Compare whole secrets as bytes, hashed and in constant time, and store them under a binary collation.",
        },
        steps: &[
            token(FormAuth::NearSecret(NearPassword::Shorter), &[GRANT]).denied(BAD_CLIENT).if_given(),
            token(FormAuth::NearSecret(NearPassword::Longer), &[GRANT]).denied(BAD_CLIENT).if_given(),
            token(FormAuth::NearSecret(NearPassword::OtherCase), &[GRANT]).denied(BAD_CLIENT).if_given(),
            token(FormAuth::NearSecret(NearPassword::SpaceBehind), &[GRANT])
                .denied(BAD_CLIENT)
                .id(SPACE_BEHIND)
                .if_given(),
        ],
        expect: near_secret,
        implied_by: &["token.bad-secret-basic-401", "token.bad-secret-post"],
        fault: "client-secret-ignores-case",
        ..REFUSAL
    },
];

/// A secret with a space behind it.
const SPACE_BEHIND: StepId = StepId::new("space-behind");

/// A secret that is trimmed loses nothing that its client had counted on.
fn near_secret(case: &ObservedCheck<'_>) -> Judgement {
    let trimmed: Vec<usize> = case.observations_of(SPACE_BEHIND).map(|(index, _)| index).collect();
    expect::wants(case).low_where(|deviation| trimmed.contains(&deviation.observation))
}

/// Spellings of the good value that decode to the same bytes.
const SAME_BYTES: [StepId; 3] = [UNPADDED, OVER_PADDED, LEFT_OVER_BITS];
const UNPADDED: StepId = StepId::new("unpadded");
const OVER_PADDED: StepId = StepId::new("over-padded");
const LEFT_OVER_BITS: StepId = StepId::new("left-over-bits");
/// What a refusal names (RFC 6749 §5.2).
const ERRORS: &[&str] = &["invalid_client", "invalid_request"];

/// A good value with something in it or behind it lets nobody in who should not be; it is read more leniently than RFC 4648 §3.3
/// allows, which makes decoders reject it. Padding and left-over bits it leaves to them (§3.3, §3.5).
fn refused_like_wrong(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants_error(case, ERRORS).and(oauth::realms(case));
    for (index, seen) in case.lenient() {
        let spells_the_same = case.step_of(seen).step_id().is_some_and(|id| SAME_BYTES.contains(&id));
        match seen.outcome {
            _ if spells_the_same && case.remarks_grant(seen, &mut judgement) => {}
            Outcome::Granted => judgement.advises(index, case.about(index, "accepted"), "refused"),
            outcome => {
                case.judge_as(index, Want::Denied(BAD_CLIENT), &mut judgement);
                if let (Outcome::Refused, Some(response)) = (outcome, seen.exchange.response()) {
                    expect::error_is_one_of(&mut judgement, index, response, ERRORS);
                }
            }
        }
    }
    judgement
}
