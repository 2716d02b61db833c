//! What answers say about signatures: their own, and those that the target asks for.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{AnswerSignature, Outcome, components_asked};

/// Every answer has a signature that verifies.
pub(super) fn are_signed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, signature) in &case.evidence.answer_signatures {
        // what was refused is judged as that, and not as what it does not carry
        if case.evidence.observations.get(*index).is_none_or(|seen| seen.outcome != Outcome::Granted) {
            continue;
        }
        let (text, expected) = match signature {
            AnswerSignature::Good => continue,
            AnswerSignature::ContentCut => {
                judgement.leaves_open("an answer is too long for its digest to be computed".to_owned());
                continue;
            }
            AnswerSignature::Absent => ("the answer has no signature".to_owned(), "Signature-Input and Signature"),
            AnswerSignature::Malformed("Content-Digest") => {
                ("Content-Digest of the answer cannot be read".to_owned(), "a dictionary of digests (RFC 9530 §2)")
            }
            AnswerSignature::Malformed(field) => {
                (format!("{field} of the answer cannot be read"), "one signature under one label in both fields")
            }
            AnswerSignature::OtherKey => {
                ("no signature of the answer names the key".to_owned(), "a signature with the `kid` of `answer_key`")
            }
            AnswerSignature::OtherAlgorithm(named) => {
                (format!("the signature names the algorithm {named:?}"), "the algorithm of the key")
            }
            AnswerSignature::Underivable(component) => (
                format!(
                    "the signature covers {component}, which is covered twice, or is not in the answer or its request"
                ),
                "components that are there, each once",
            ),
            AnswerSignature::Invalid => ("the signature does not verify".to_owned(), "a signature that verifies"),
            AnswerSignature::Narrow(left_out) => {
                (format!("the signature does not cover {}", left_out.join(" ")), "a signature that covers them")
            }
            AnswerSignature::Undated => {
                ("the signature does not say when it was made".to_owned(), "the parameter `created`")
            }
            AnswerSignature::OutOfWindow(age) if *age < 0 => {
                (format!("the signature was made {} s ahead", age.unsigned_abs()), "a time within the window")
            }
            AnswerSignature::OutOfWindow(age) => {
                (format!("the signature was made {age} s ago"), "a time within the window")
            }
            AnswerSignature::Expired(ago) => {
                (format!("the signature expired {ago} s ago"), "a signature that has not expired")
            }
            AnswerSignature::OtherContent => {
                ("Content-Digest is not that of the content".to_owned(), "the digest of the content that is sent")
            }
        };
        judgement.deviates(*index, case.about(*index, text), expected);
    }
    judgement
}

/// Each answer against what its step wants. Where a refusal asks for signatures (RFC 9421 §5.1), a remark names the components, and
/// so does the finding about a good request that was refused.
pub(super) fn wants_as_asked(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let asked_by = |index: usize| {
        let seen = case.evidence.observations.get(index).filter(|seen| seen.outcome == Outcome::Refused)?;
        components_asked(seen.exchange.response()?)
    };
    for violation in &mut judgement.access {
        if let Some(asked) = asked_by(violation.observation) {
            violation.text.push_str(&format!("; the target asks for signatures that cover {asked}"));
        }
    }
    let asked = case.observations().find_map(|(index, _)| asked_by(index));
    judgement.remarks.extend(asked.map(|asked| format!("the target asks for signatures that cover {asked}")));
    judgement
}
