//! Judgements about proofs of possession.

use serde_json::Value;

use super::nonces::{MADE_UP, WITHOUT};
use super::tokens::{DESCRIBED, ISSUED};
use super::{AHEAD, BAD_PROOF, BEHIND, FAR, FRACTION, FUTURE, PATH, PORT, QUERY, SPELLED, TEXT};
use crate::check::Explanation;
use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::oauth::claims_of;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::Want;
use crate::observe::{Challenge, Outcome, Response, StepId};

/// RFC 9449 §9: the challenge that asks for a nonce.
fn asks_for_nonce(response: &Response) -> bool {
    let challenges = challenges::of(response);
    dpop(&challenges).any(|challenge| challenge.param("error") == Some("use_dpop_nonce"))
}

fn dpop(challenges: &[Challenge]) -> impl Iterator<Item = &Challenge> {
    challenges.iter().filter(|challenge| challenge.scheme == "dpop")
}

/// A proof that is read more leniently than RFC 9449 §4.3 allows, and that only the holder of the key can make, lets nobody in who
/// should not be.
pub(super) fn read_strictly(case: &ObservedCheck<'_>) -> Judgement {
    case.judge_leniencies(BAD_PROOF, "refused")
}

/// Each refusal says in a DPoP challenge why it is one (RFC 9449 §7.1: SHOULD).
pub(super) fn reason_named(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 401) {
        let challenges = challenges::of(response);
        let text = match dpop(&challenges).next() {
            None => "no DPoP challenge",
            Some(challenge) if challenge.param("error").is_none() => "a DPoP challenge without error",
            Some(_) => continue,
        };
        let explanation =
            if text.starts_with("no") { challenges::absence(response) } else { Explanation::ChallengeReason };
        judgement.advises_by(explanation, index, case.about(index, text), "DPoP error=\"invalid_dpop_proof\"");
    }
    judgement
}

/// Correct proofs that servers should read.
fn should_be_read(case: &ObservedCheck<'_>, steps: &[StepId], judgement: &mut Judgement) {
    for (index, seen) in steps.iter().flat_map(|step| case.observations_of(*step)) {
        match seen.outcome {
            Outcome::Refused => judgement.advises(index, case.about(index, "access was refused"), "granted"),
            _ => case.judge_as(index, Want::Granted, judgement),
        }
    }
}

/// The query of the request does not count (RFC 9449 §4.3: MUST); other spellings of the same address should be read.
pub(super) fn same_address(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations_of(QUERY) {
        match seen.exchange.status() {
            // whoever refuses a parameter that it does not know has not judged the proof by it
            Some(status) if seen.outcome == Outcome::Refused && ![401, 403].contains(&status) => {
                let why = format!("the target refuses a parameter that it does not know with {status}");
                judgement.leaves_open(why);
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    should_be_read(case, &[SPELLED, PATH, PORT], &mut judgement);
    judgement
}

/// A server that goes by nonces asks for one where a proof has none: then the time in the proof need not count (RFC 9449
/// §4.3).
pub(super) fn window(case: &ObservedCheck<'_>) -> Judgement {
    let far = || case.answers_of(FAR).chain(case.answers_of(FUTURE));
    if far().next().is_some() && far().all(|(_, response)| asks_for_nonce(response)) {
        let why = "the target goes by nonces: a proof without one is asked for one, whatever its time";
        return Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() };
    }
    let mut judgement = expect::wants(case);
    for (index, _) in case.observations_of(TEXT) {
        case.judge_leniency(index, BAD_PROOF, "refused (RFC 7519 §4.1.6)", &mut judgement);
    }
    for (index, seen) in case.observations_of(BEHIND) {
        match seen.outcome {
            Outcome::Refused => {
                judgement.advises(index, case.about(index, "access was refused"), "granted, for clocks differ");
            }
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    // RFC 7519 §2: a NumericDate may be no whole number
    should_be_read(case, &[FRACTION], &mut judgement);
    // RFC 9449 §11.1: a server may accept those
    let ahead = case.observations_of(AHEAD).filter(|(_, seen)| seen.outcome == Outcome::Refused);
    judgement.remarks.extend(ahead.map(|(_, seen)| format!("{}: access was refused", seen.description)));
    judgement
}

/// Where a nonce is asked for, it is named once and in its grammar, and no other is accepted.
pub(super) fn nonce_enforced(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut asked = false;
    for (index, seen) in case.observations_of(WITHOUT) {
        let Some(response) = seen.exchange.response().filter(|response| asks_for_nonce(response)) else {
            case.judge_as(index, Want::Either, &mut judgement);
            continue;
        };
        asked = true;
        if response.status != 401 {
            let text = case.about(index, format_args!("use_dpop_nonce with status {}", response.status));
            judgement.deviates(index, text, "401");
        }
        let named: Vec<_> = response.header_values("dpop-nonce").collect();
        let lawful = |value: &str| {
            !value.is_empty() && value.chars().all(|c| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
        };
        match named.as_slice() {
            [one] if lawful(one) => {}
            [_] => judgement.deviates(index, "DPoP-Nonce has characters that no nonce has", "RFC 9449 §8.1"),
            [] => judgement.deviates(index, "use_dpop_nonce without DPoP-Nonce", "one DPoP-Nonce"),
            _ => judgement.deviates(index, "more than one DPoP-Nonce", "one DPoP-Nonce"),
        }
        for (made_up, _) in case.beside(seen, MADE_UP) {
            case.judge(made_up, &mut judgement);
        }
    }
    if !asked && judgement.open.is_empty() {
        judgement.not_applicable = Some("no resource asks for a nonce".to_owned());
    }
    judgement
}

/// Each DPoP challenge has `algs`, a list of names that are separated by spaces.
pub(super) fn algorithms(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut any = false;
    for (index, response) in case.all_answers() {
        for challenge in dpop(&challenges::of(response)) {
            any = true;
            match challenge.param("algs") {
                None => {
                    judgement.deviates(index, case.about(index, "a DPoP challenge without algs"), "algs=\"ES256 …\"")
                }
                Some(algs) if algs.split(' ').any(|one| one.is_empty() || !one.chars().all(in_name)) => {
                    let text = case.about(index, format_args!("algs={algs:?} is no list of algorithms"));
                    judgement.deviates(index, text, "names that are separated by spaces");
                }
                Some(algs) => {
                    let weak = algs.split(' ').find(|one| *one == "none" || one.starts_with("HS"));
                    if let Some(weak) = weak {
                        judgement.deviates(index, format!("algs names {weak}"), "asymmetric algorithms alone");
                    }
                }
            }
        }
    }
    if !any && judgement.open.is_empty() && judgement.access.is_empty() {
        judgement.not_applicable = Some("no answer has a DPoP challenge to examine".to_owned());
    }
    judgement
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '_' | '.')
}

/// The token has the type DPoP, and is bound to the key of the proof, as far as it or its introspection shows that.
pub(super) fn bound(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.observations_of(ISSUED).filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        let Some(response) = seen.exchange.response() else { continue };
        let token_type = response.json_text("token_type").unwrap_or_default();
        if !token_type.eq_ignore_ascii_case("dpop") {
            judgement.deviates(index, format!("token_type is {token_type:?}"), "token_type DPoP");
            continue;
        }
        let Some(wanted) = &case.evidence.proven_key else { continue };
        let own = response.json_text("access_token").and_then(|token| claims_of(&token));
        let active = |answer: &Value| answer.get("active") == Some(&Value::Bool(true));
        let described = case.answers_of(DESCRIBED).find_map(|(at, answer)| Some((at, answer.json().filter(active)?)));
        // RFC 9449 §6: either of the two may say it
        let said: Vec<(usize, Value)> = own.map(|claims| (index, claims)).into_iter().chain(described).collect();
        let found: Vec<_> = said.iter().filter_map(|(at, said)| Some((*at, jkt_of(said)?))).collect();
        match found.iter().find(|(_, found)| found != wanted) {
            Some((at, _)) => {
                judgement.violates(*at, "cnf.jkt is the thumbprint of another key", "that of the proof");
            }
            None if !found.is_empty() => {}
            None => match said.last() {
                Some((at, _)) => {
                    let text = "no cnf.jkt: the token is bound to no key";
                    judgement.violates(*at, text, "cnf.jkt of the key of the proof");
                }
                None => {
                    let text = "the token is opaque and is not introspected: its key cannot be seen";
                    judgement.remarks.push(text.to_owned());
                }
            },
        }
    }
    judgement
}

fn jkt_of(claims: &Value) -> Option<String> {
    claims.get("cnf")?.get("jkt")?.as_str().map(str::to_owned)
}
