//! Judgements about JSON Web Tokens.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::check::bearer::naming::other_audience;
use crate::check::judgement::expect;
use crate::check::judgement::leeway;
use crate::check::judgement::oauth::objects_of;
use crate::check::judgement::{Deviation, Judgement, ObservedCheck};
use crate::check::step::{Accept, Want};
use crate::check::{Explanation, Severity};
use crate::observe::{ForgeryId, Observation, Outcome, Place};

/// A token without an audience, and tokens whose audience is there and names nobody.
const NO_AUDIENCE: ForgeryId = ForgeryId::new("aud-absent");
const NOBODY: [ForgeryId; 3] =
    [ForgeryId::new("aud-null"), ForgeryId::new("aud-empty"), ForgeryId::new("aud-empty-array")];
/// Spellings of the good token that decode to the same bytes.
const SAME_BYTES: [ForgeryId; 3] =
    [ForgeryId::new("form-padding"), ForgeryId::new("form-padded-payload"), ForgeryId::new("form-left-over-bits")];
/// How long a cheap refusal may take at most.
const PROMPT: Duration = Duration::from_secs(2);
/// How long a shell was asked to sleep.
const SLEEP: Duration = Duration::from_secs(3);
/// A time counts as slow if it is at least this many times that of a control.
const FAR: u32 = 10;
/// Fetches of a key set that are lawful whatever arrives: one that was due, and one that ran already.
const DUE: usize = 2;
/// RFC 6750 §5.3: an hour or less.
const LONGEST_LIFE: f64 = 3600.0;

/// The ladder of expired tokens: how many seconds each forgery ended ago.
const LADDER: [(ForgeryId, u32); 10] = [
    (ForgeryId::new("ended-1"), 1),
    (ForgeryId::new("ended-5"), 5),
    (ForgeryId::new("ended-15"), 15),
    (ForgeryId::new("ended-30"), 30),
    (ForgeryId::new("ended-55"), 55),
    (ForgeryId::new("ended-70"), 70),
    (ForgeryId::new("ended-130"), 130),
    (ForgeryId::new("ended-290"), 290),
    (ForgeryId::new("ended-310"), 310),
    (ForgeryId::new("ended-610"), 610),
];
/// A kid that asks a shell to sleep.
const SHELL: ForgeryId = ForgeryId::new("kid-shell");
/// An end as text instead of a number.
const END_AS_TEXT: ForgeryId = ForgeryId::new("exp-string");
/// Forgeries that name a claim twice, beside the one that has the bad value alone.
const TWICE: [(ForgeryId, ForgeryId); 2] = [
    (ForgeryId::new("dup-exp-past-last"), ForgeryId::new("exp-yesterday")),
    (ForgeryId::new("dup-aud-other-last"), ForgeryId::new("aud-other")),
];
/// Leeway beyond which a person should look, and beyond which it is no leeway any more, in seconds.
const LEEWAY: (u32, u32) = (60, 300);

/// A server error is a deviation wherever it comes again, also where access may go either way; one that came once says nothing.
fn unbroken(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    for (index, _) in case.lenient().filter(|(_, seen)| seen.outcome == Outcome::Broke) {
        case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), judgement);
    }
}

/// What may go either way is better refused.
pub(crate) fn better_refused(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    unbroken(case, &mut judgement);
    for (index, _) in case.lenient().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        case.judge_leniency(index, &[], "better refused", &mut judgement);
    }
    judgement
}

/// What is accepted although the issuer should not have written it opens nothing that the issuer keeps closed: RFC 7519 §4.1 says
/// what a claim has to be, and not what a verifier that does not use it makes of another type. It is worth knowing.
pub(crate) fn recorded(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = remarked(case);
    judgement.needs_review = !judgement.remarks.is_empty();
    judgement
}

/// An end of null and none at all, in a token that need not have one.
const NULL_END: ForgeryId = ForgeryId::new("exp-null");
const NO_END: ForgeryId = ForgeryId::new("exp-absent-plain");

/// Where tokens need no end, one of null is taken for none: that opens no more.
pub(crate) fn no_end(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = better_refused(case);
    if case.observations().any(|(_, seen)| seen.forgery == Some(NO_END) && seen.outcome == Outcome::Granted) {
        let of_null =
            |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery == Some(NULL_END);
        for deviation in judgement.access.extract_if(.., |deviation| of_null(deviation)).collect::<Vec<_>>() {
            case.judge_leniency(deviation.observation, &[], "better refused", &mut judgement);
        }
    }
    judgement
}

/// Padding and left-over bits of Base64url spell the same bytes: nearly every decoder takes them, and nobody gets in who should
/// not be. Under a profile that takes this for noise it is information.
pub(crate) fn compact_form(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = better_refused(case);
    if !case.profile.is_noise(case.check.id) {
        return judgement;
    }
    let spelled = |deviation: &Deviation| {
        let forgery = case.evidence.observations[deviation.observation].forgery;
        deviation.explanation == Explanation::Own && forgery.is_some_and(|id| SAME_BYTES.contains(&id))
    };
    for deviations in [&mut judgement.access, &mut judgement.advice] {
        for deviation in deviations.extract_if(.., |deviation| spelled(deviation)) {
            judgement.remarks.push(deviation.text);
        }
    }
    judgement.needs_review = !judgement.remarks.is_empty();
    judgement
}

/// Where the good token itself has no audience, one that names nobody opens no more than that: the claim is there and does
/// not name this resource (RFC 7519 §4.1.3), but no token for another one is accepted.
pub(super) fn audiences(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let forgery = |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery;
    let names_nobody = |deviation: &Deviation| forgery(deviation).is_some_and(|id| NOBODY.contains(&id));
    let good_has_none = !case.observations().any(|(_, seen)| seen.forgery == Some(NO_AUDIENCE));
    judgement.at_most = other_audience(case).at_most;
    if good_has_none && judgement.access.iter().all(names_nobody) {
        for deviation in std::mem::take(&mut judgement.access) {
            let at = deviation.observation;
            judgement.advises(at, case.about(at, "access was granted"), "better refused");
        }
    }
    judgement
}

/// Right signatures by another algorithm of the same key.
const SAME_KEY: [ForgeryId; 3] =
    [ForgeryId::new("alg-sibling"), ForgeryId::new("alg-pss"), ForgeryId::new("alg-lower-case")];

/// Who signs so has the key: what is lost is that one algorithm was chosen for it.
pub(super) fn algorithms(case: &ObservedCheck<'_>) -> Judgement {
    let of_same_key = |deviation: &Deviation| {
        let forgery = case.evidence.observations[deviation.observation].forgery;
        forgery.is_some_and(|id| SAME_KEY.contains(&id))
    };
    expect::wants(case).low_where(of_same_key)
}

/// Whether access is granted is for other checks to say: here a refusal is as good, and a server error is not.
pub(super) fn answered(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    // an answer that is neither a grant nor a refusal, such as one with the claims in it, is an answer as well
    let settled = |seen: &Observation| match seen.outcome {
        Outcome::Granted => true,
        Outcome::Unclear => seen.exchange.status().is_some_and(|status| (200..300).contains(&status)),
        _ => false,
    };
    for (index, _) in case.observations().filter(|(_, seen)| !settled(seen)) {
        case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), &mut judgement);
    }
    judgement
}

/// The same; of a claim whose type is another one, it says which claim and which type break the server.
pub(super) fn answered_naming_claims(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = answered(case);
    for deviation in &mut judgement.protocol {
        let seen = &case.evidence.observations[deviation.observation];
        let is_retyped = seen.forgery.is_some_and(|id| id.as_str().starts_with("private-"));
        if let Some((claim, kind)) = is_retyped.then(|| retyped_claim(case, seen)).flatten() {
            deviation.text = format!("{} ({kind} for {claim})", deviation.text);
        }
    }
    judgement
}

/// The claim that has another type in a token than in that of a control.
fn retyped_claim(case: &ObservedCheck<'_>, seen: &Observation) -> Option<(String, &'static str)> {
    let sent = leeway::claims_in(&seen.exchange.request)?;
    let mut good = case.evidence.controls.iter().filter_map(|control| leeway::claims_in(&control.exchange.request));
    good.find_map(|good| {
        let differs =
            |(name, value): &(&String, &Value)| good.get(*name).is_some_and(|other| kind(other) != kind(value));
        sent.iter().find(differs).map(|(name, value)| (name.clone(), kind(value)))
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What may go either way is worth a remark where it is accepted.
pub(crate) fn remarked(case: &ObservedCheck<'_>) -> Judgement {
    remarked_but(case, None)
}

/// The same but for a forgery that is sent to see what others mean.
pub(super) fn remarked_but(case: &ObservedCheck<'_>, compared: Option<ForgeryId>) -> Judgement {
    let mut judgement = expect::wants(case);
    unbroken(case, &mut judgement);
    let is_remarked =
        |seen: &Observation| seen.outcome == Outcome::Granted && (compared.is_none() || seen.forgery != compared);
    for (_, seen) in case.lenient().filter(|(_, seen)| is_remarked(seen)) {
        judgement.remarks.push(format!("accepted: {}", seen.description));
    }
    judgement
}

/// Types of other JWTs. Of tokens that do not claim to be access tokens by RFC 9068, that the type is not looked at is for a person
/// to judge: whoever issues several kinds has to tell them apart by something (RFC 8725 §3.12).
pub(crate) fn types(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = remarked(case);
    judgement.needs_review |= !judgement.remarks.is_empty();
    // where neither type nor audience is looked at, an ID token is one more token for another audience
    let is_id_token =
        |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery == Some(ForgeryId::ID_TOKEN);
    if judgement.access.iter().all(is_id_token) {
        judgement.at_most = other_audience(case).at_most;
    }
    judgement
}

/// A bad value beside a good one is a finding only where the bad value alone is refused.
pub(crate) fn duplicates(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = remarked(case);
    for (twice, alone) in TWICE {
        let sent = case.observations().filter(|(_, seen)| seen.forgery == Some(alone));
        if sent.into_iter().any(|(_, seen)| seen.outcome != Outcome::Refused) {
            let forgery = |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery;
            judgement.access.retain(|deviation| forgery(deviation) != Some(twice));
        }
    }
    judgement
}

/// What it means that a token with such an end opens the API, each for itself: a value that a language takes for nothing is
/// another mistake than one that is compared as text.
const ENDS: [(ForgeryId, &str); 10] = [
    (ForgeryId::new("exp-zero"), "an exp of 0 is taken for a missing one"),
    (ForgeryId::new("exp-negative"), "a negative exp is not in the past"),
    (ForgeryId::new("exp-word"), "an exp that is a word is accepted"),
    (ForgeryId::new("exp-iso"), "an exp that is a date of ISO 8601 is accepted"),
    (ForgeryId::new("exp-array"), "an exp that is an array is accepted"),
    (ForgeryId::new("exp-object"), "an exp that is an object is accepted"),
    (ForgeryId::new("exp-true"), "an exp of true is accepted"),
    (ForgeryId::new("exp-nan"), "an exp of NaN, which is no JSON, is accepted"),
    (ForgeryId::new("exp-infinity"), "an exp of Infinity, which is no JSON, is accepted"),
    (ForgeryId::new("exp-least"), "an exp of -2^63 is not in the past"),
];
/// An end that no clock reaches.
const NEVER: ForgeryId = ForgeryId::new("exp-1e400");

/// Text where a number belongs is a deviation that opens nothing by itself: the time it holds is still compared.
pub(crate) fn numeric_dates(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = remarked(case);
    let forgery = |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery;
    for deviation in &mut judgement.access {
        if let Some((_, text)) = ENDS.iter().find(|(id, _)| Some(*id) == forgery(deviation)) {
            (deviation.text, deviation.described) = ((*text).to_owned(), true);
        }
    }
    // a good token that is refused shuts out its holder, and opens nothing
    let opens = |deviation: &Deviation| case.evidence.observations[deviation.observation].outcome == Outcome::Granted;
    if !judgement.access.is_empty() && !judgement.access.iter().any(opens) {
        judgement.at_most = Some(Severity::Low);
    }
    for (index, _) in case.observations().filter(|(_, seen)| seen.forgery == Some(NEVER)) {
        if case.evidence.observations[index].outcome == Outcome::Granted {
            judgement.advises(
                index,
                "an exp of 1e400 is accepted: the token never ends",
                "a time that a clock reaches",
            );
        }
    }
    for (index, seen) in case.lenient().filter(|(_, seen)| seen.forgery == Some(END_AS_TEXT)) {
        if seen.outcome == Outcome::Granted {
            judgement.advises(index, "an exp that is text is taken for a number", "a JSON number (RFC 7519 §4.1.4)");
        }
    }
    judgement
}

/// RFC 7519 §4.1.4: a small leeway, usually no more than a few minutes.
pub(crate) fn leeway(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut longest = 0;
    for (index, seen) in case.observations().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        let Some((_, age)) = LADDER.iter().find(|(id, _)| Some(*id) == seen.forgery) else { continue };
        longest = longest.max(*age);
        let text = format!("a token is accepted {age} s after its exp");
        if *age > LEEWAY.1 {
            judgement.violates(index, text, format!("refused {} s after its exp at the latest", LEEWAY.1));
        } else if *age > LEEWAY.0 {
            judgement.advises(index, text, format!("refused {} s after its exp", LEEWAY.0));
        }
    }
    let above = LADDER.iter().map(|(_, age)| *age).find(|age| *age > longest);
    judgement.remarks.push(match (longest, above) {
        (0, _) => "refused 1 s after exp".to_owned(),
        (accepted, Some(refused)) => format!("accepted {accepted} s after exp, refused after {refused} s"),
        (accepted, None) => format!("accepted {accepted} s after exp"),
    });
    judgement
}

/// RFC 8725 §3.10: an address in a token is followed only from a list; fetching it is against a recommendation even
/// where the token is refused.
pub(crate) fn not_followed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if let Some(path) = case.evidence.callbacks.first() {
        let count = case.evidence.callbacks.len();
        let text = format!("the server followed an address in a token, {count} times: {path}");
        judgement.advises(0, text, "no request to the listener");
    }
    judgement
}

/// A kid reached nothing: no shell that sleeps, no address that is followed.
pub(crate) fn inert(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let asleep: Vec<(usize, &Observation)> =
        case.observations().filter(|(_, seen)| seen.forgery == Some(SHELL)).collect();
    let slow = |seen: &Observation| seen.exchange.took >= SLEEP && seen.exchange.took > slowest(case) * FAR;
    if !asleep.is_empty() && asleep.iter().all(|(_, seen)| slow(seen)) {
        judgement.violates(asleep[0].0, "the answer took as long as the kid asked a shell to sleep", "at once");
    }
    if let Some(path) = case.evidence.callbacks.first() {
        judgement.violates(0, format!("the server followed the address in kid: {path}"), "no request");
    }
    judgement
}

fn slowest(case: &ObservedCheck<'_>) -> Duration {
    case.evidence.controls.iter().map(|control| control.exchange.took).max().unwrap_or_default()
}

/// Each answer comes promptly, whatever the token asks for.
pub(crate) fn bounded(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.observations() {
        let took = seen.exchange.took;
        let late = took > PROMPT && took > slowest(case) * FAR;
        if late {
            let text = case.about(index, format_args!("{:.1} s for one request", took.as_secs_f64()));
            judgement.violates(index, text, format!("an answer within {} s", PROMPT.as_secs()));
        }
    }
    judgement
}

/// Whoever does not trust the second issuer proves nothing by refusing it.
pub(crate) fn bound_to_issuer(case: &ObservedCheck<'_>) -> Judgement {
    after_acceptance(case, "the second issuer's own token is refused: refusing its signature proves nothing")
}

/// A key that was never accepted cannot be withdrawn.
pub(crate) fn retired(case: &ObservedCheck<'_>) -> Judgement {
    after_acceptance(case, "the new key was not accepted in time: its refusal proves nothing")
}

/// What has to be accepted first, so that the refusals after it prove something.
fn after_acceptance(case: &ObservedCheck<'_>, why: &str) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match case.step_of(seen).wanted() {
            Want::Granted if seen.outcome != Outcome::Granted => judgement.open.push(why.to_owned()),
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// About one fetch in a second, and not one for each token.
pub(crate) fn few_fetches(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let Some((fetches, took)) = case.evidence.key_fetches else {
        judgement.open.push("authbench does not publish the keys of this target".to_owned());
        return judgement;
    };
    let tokens = case.evidence.observations.len();
    let lawful = DUE + usize::try_from(took.as_secs()).unwrap_or(usize::MAX);
    if fetches > lawful {
        let text = format!("{tokens} tokens with unknown kids led to {fetches} fetches of the key set");
        judgement.violates(0, text, format!("at most {lawful} fetches in {:.1} s", took.as_secs_f64()));
    }
    judgement.remarks.push(format!("{tokens} unknown kids, {fetches} fetches of the key set"));
    judgement
}

// --- tokens as they are issued -----------------------------------------------------------------------------------

/// RFC 9068 §2: type and claims of an issued token.
pub(crate) fn issued_profile(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let tokens = case.all_answers().filter(|(index, _)| case.evidence.observations[*index].place == Place::Token);
    for (index, response) in tokens {
        let Some(token) = response.json_text("access_token") else { continue };
        let read = objects_of(&token);
        // whoever reads a JWT that names a key of the set verifies it by that, whatever its claims are
        let is_of_set = |(header, _): &(Map<String, Value>, Map<String, Value>)| {
            case.evidence.claims_rfc9068 || names_a_key(case, header)
        };
        if case.evidence.key_set_verifies == Some(false) && read.as_ref().is_some_and(is_of_set) {
            judgement.deviates(index, "no key of the key set verifies the token", "one does (RFC 7515 §5.2)");
        }
        match read {
            _ if !case.evidence.claims_rfc9068 => {}
            Some((header, claims)) => issued(&mut judgement, index, &header, &claims),
            None => judgement.deviates(index, "the access token is no JWT", "a JWT (RFC 9068 §2)"),
        }
    }
    if !case.evidence.claims_rfc9068 && judgement.protocol.is_empty() {
        judgement.not_applicable = Some("the tokens are not said to follow RFC 9068".to_owned());
    }
    judgement
}

/// Whether a token names a key of a set that was fetched.
fn names_a_key(case: &ObservedCheck<'_>, header: &Map<String, Value>) -> bool {
    let named = |set: Value| {
        set["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| Some(&key["kid"]) == header.get("kid")))
    };
    case.all_answers().filter_map(|(_, response)| response.json()).any(named)
}

fn issued(judgement: &mut Judgement, index: usize, header: &Map<String, Value>, claims: &Map<String, Value>) {
    let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default();
    if !typ.eq_ignore_ascii_case("at+jwt") && !typ.eq_ignore_ascii_case("application/at+jwt") {
        judgement.deviates(index, format!("the type is {typ:?}"), "at+jwt (RFC 9068 §2.1)");
    }
    let alg = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if alg.eq_ignore_ascii_case("none") || alg.is_empty() {
        judgement.deviates(index, format!("the algorithm is {alg:?}"), "a signature (RFC 9068 §2.1)");
    } else if alg.starts_with("HS") {
        judgement.advises(index, format!("the algorithm is {alg}"), "an asymmetric algorithm (RFC 9068 §2.1)");
    }
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for name in ["iss", "sub", "client_id", "jti"] {
        if !claims.get(name).is_some_and(is_text) {
            judgement.deviates(index, format!("there is no text in {name}"), format!("{name} (RFC 9068 §2.2)"));
        }
    }
    let names_somebody = |aud: &Value| is_text(aud) || aud.as_array().is_some_and(|all| !all.is_empty());
    if !claims.get("aud").is_some_and(names_somebody) {
        judgement.deviates(index, "aud names nobody", "aud (RFC 9068 §2.2)");
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    for name in ["exp", "iat"] {
        if time(name).is_none() {
            judgement.deviates(index, format!("there is no number in {name}"), format!("{name} (RFC 9068 §2.2)"));
        }
    }
    if let (Some(exp), Some(iat)) = (time("exp"), time("iat"))
        && exp - iat > LONGEST_LIFE
    {
        judgement.advises(index, format!("the token lives {:.0} s", exp - iat), "an hour or less (RFC 6750 §5.3)");
    }
    // RFC 9068 §2.2.3: a token that was issued for a scope says so
    if claims.get("scope").is_some_and(|scope| !scope.is_string()) {
        judgement.deviates(index, "scope is no text", "one text of words (RFC 9068 §2.2.3)");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::check::step::{Send, Step, Who};

    fn forgeries(check: &str) -> BTreeSet<ForgeryId> {
        let sent = |step: &Step| match step {
            Step::Send(Send { who: Who::EachForged(ids), .. }) => ids.iter().collect(),
            _ => Vec::new(),
        };
        crate::check::find(check).expect("is there").steps.iter().flat_map(sent).collect()
    }

    #[test]
    fn that_the_type_of_a_token_is_not_looked_at_is_for_a_person_to_judge() {
        use crate::check::profile::Effective;
        use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};
        let check = crate::check::find("jwt.typ-confusion-refused").expect("is there");
        let profile = Effective::of(["api-key-403"], "jwt");
        for (status, outcome, expected) in [
            (200, Outcome::Granted, (true, 1, 0)),
            (401, Outcome::Refused, (false, 0, 0)),
            (500, Outcome::Broke, (false, 0, 1)),
        ] {
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let seen = Observation::in_test(2, Exchange { answer: Ok(answer), ..asked }, outcome);
            let mut evidence = Evidence::default();
            evidence.observe(Observation { reproduced: true, ..seen });
            let found = types(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.needs_review, found.remarks.len(), found.protocol.len()), expected, "{status}");
        }
    }

    #[test]
    fn the_judgements_know_the_forgeries_that_their_checks_send() {
        let ladder: BTreeSet<ForgeryId> = LADDER.iter().map(|(id, _)| *id).collect();
        assert_eq!(ladder, forgeries("jwt.exp-leeway-bounded"));
        let duplicates = forgeries("jwt.duplicate-members-safe");
        assert!(TWICE.iter().all(|(twice, alone)| duplicates.contains(twice) && duplicates.contains(alone)));
        assert!(forgeries("jwt.kid-injection-inert").contains(&SHELL));
        let dates = forgeries("jwt.numeric-date-types");
        assert!(dates.contains(&END_AS_TEXT) && dates.contains(&NEVER));
        assert!(ENDS.iter().all(|(id, _)| dates.contains(id)));
    }
}
