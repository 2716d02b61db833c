//! Judgements about `WWW-Authenticate` (RFC 9110 §11.6.1).

use std::collections::BTreeSet;

use crate::check::Explanation::{self, ChallengeAbsent, ChallengeGrammar, ChallengeReason};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Challenge, Observation, Place, Response, parse_challenges};

/// Every 401 names at least one challenge (RFC 9110 §15.5.2).
pub(crate) fn named_on_401(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.all_answers() {
        if response.status == 401 && response.header("www-authenticate").is_none() {
            let expected = "WWW-Authenticate with at least one challenge";
            let text = "401 without a challenge";
            match may_lack_it(case, index) {
                true => judgement.advises_by(ChallengeAbsent, index, case.about(index, text), expected),
                false => judgement.deviates_by(ChallengeAbsent, index, text, expected),
            }
        }
    }
    judgement
}

/// RFC 6749 §5.2 asks an endpoint for a challenge where the client used `Authorization`, and leaves others to it.
fn may_lack_it(case: &ObservedCheck<'_>, index: usize) -> bool {
    let seen = &case.evidence.observations[index];
    is_of_client(seen) && seen.exchange.request.value_of("authorization").is_none()
}

/// Whether a request went to an endpoint that authenticates clients.
fn is_of_client(seen: &Observation) -> bool {
    matches!(seen.place, Place::Token | Place::Introspection | Place::Revocation)
}

/// RFC 6749 §5.2, and by it RFC 7009 §2.2.1 and RFC 7662 §2.3: the challenge matches the scheme that the client used.
fn matches_clients(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.all_answers().filter(|(_, response)| response.status == 401) {
        let seen = &case.evidence.observations[index];
        let has_one = response.header("www-authenticate").is_some();
        let is_basic = || of(response).iter().any(|challenge| challenge.scheme == "basic");
        if has_one && is_of_client(seen) && seen.exchange.request.is_by_basic() && !is_basic() {
            let text = case.about(index, "401 without a Basic challenge");
            judgement.deviates_by(absence(response), index, text, "WWW-Authenticate: Basic");
        }
    }
    judgement
}

/// The same, of a target that answers 401 at all; endpoints that refuse HTTP Basic name that.
pub(crate) fn named_on_every_401(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = named_on_401(case).and(matches_clients(case));
    let answered = case.refusals().next().is_some();
    if answered && case.all_answers().all(|(_, response)| response.status != 401) {
        judgement.not_applicable = Some("no request was answered with 401".to_owned());
    }
    judgement
}

/// The same as a recommendation: RFC 6749 §5.2 lets an endpoint answer 401 to credentials in the body, and says nothing
/// of a challenge then; each 401 has one by RFC 9110 §15.5.2.
pub(crate) fn advised_on_401(case: &ObservedCheck<'_>) -> Judgement {
    let named = named_on_401(case);
    Judgement { advice: [named.protocol, named.advice].concat(), ..Judgement::default() }
}

/// What is said of a challenge that lacks what RFC 7617 §2 requires.
pub(crate) const BARE_BASIC: &str = "a Basic challenge without realm";

/// Every challenge parses, names a scheme, and names no parameter twice (RFC 9110 §11.2, §11.3); one of Basic has its realm
/// (RFC 7617 §2).
pub(crate) fn parse(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let expected = "challenges in the grammar of RFC 9110 §11.3";
    let answered = case.refusals().next().is_some();
    if answered && case.all_answers().all(|(_, response)| response.header("www-authenticate").is_none()) {
        judgement.not_applicable = Some("no answer has a challenge to examine".to_owned());
        return judgement;
    }
    for (index, response) in case.all_answers() {
        let lines = lines(response);
        match parse_challenges(lines.iter().map(String::as_str)) {
            Err(why) => {
                let text = format!("WWW-Authenticate does not parse: {why}");
                judgement.deviates_by(ChallengeGrammar, index, text, expected);
            }
            Ok(challenges) => {
                for challenge in challenges {
                    let names: BTreeSet<&str> = challenge.params.iter().map(|(name, _)| name.as_str()).collect();
                    if names.len() < challenge.params.len() {
                        judgement.deviates_by(ChallengeGrammar, index, "a challenge names a parameter twice", expected);
                    }
                    if challenge.scheme == "basic" && challenge.param("realm").is_none() {
                        let text = case.about(index, BARE_BASIC);
                        judgement.deviates_by(ChallengeGrammar, index, text, "Basic realm=…");
                    }
                    if challenge.scheme == "null" {
                        judgement.deviates_by(ChallengeGrammar, index, "the scheme of a challenge is null", expected);
                    }
                }
            }
        }
    }
    judgement
}

/// RFC 6750 §3.1: a refusal of a request with a token says why, in a Bearer challenge.
pub(crate) fn bearer_error(case: &ObservedCheck<'_>, error: &str) -> Judgement {
    let mut judgement = Judgement::default();
    if case.evidence.in_own_place {
        return judgement;
    }
    for (index, response) in case.refusals().filter(|(_, response)| matches!(response.status, 401 | 403)) {
        let challenges = of(response);
        let bearer = challenges.iter().find(|challenge| challenge.scheme == "bearer");
        let named = bearer.and_then(|challenge| challenge.param("error"));
        if named != Some(error) {
            let seen = match (bearer, named) {
                (None, _) if !parses(response) => "no challenge that parses".to_owned(),
                (None, _) => "no Bearer challenge".to_owned(),
                (Some(_), None) => "a Bearer challenge without error".to_owned(),
                (Some(_), Some(other)) => format!("error={other:?}"),
            };
            let explanation = if bearer.is_none() { absence(response) } else { ChallengeReason };
            judgement.deviates_by(explanation, index, case.about(index, seen), format!("Bearer error={error:?}"));
        }
    }
    judgement
}

/// Whether the challenges of a response parse; where there is none, nothing fails to.
pub(crate) fn parses(response: &Response) -> bool {
    parse_challenges(lines(response).iter().map(String::as_str)).is_ok()
}

/// The challenges of a response; none where they do not parse.
pub(crate) fn of(response: &Response) -> Vec<Challenge> {
    let lines = lines(response);
    parse_challenges(lines.iter().map(String::as_str)).unwrap_or_default()
}

/// What it shows that a response has no challenge of a scheme: none is there, or it cannot be read.
pub(crate) fn absence(response: &Response) -> Explanation {
    let lines = lines(response);
    let unreadable = parse_challenges(lines.iter().map(String::as_str)).is_err();
    if unreadable { ChallengeGrammar } else { ChallengeAbsent }
}

fn lines(response: &Response) -> Vec<String> {
    response.header_values("www-authenticate").map(std::borrow::Cow::into_owned).collect()
}
