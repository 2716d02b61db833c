//! Judgements about the values of tokens: that they differ, and how hard they are to guess.

use std::collections::BTreeSet;

use crate::check::Severity;
use crate::check::judgement::{Judgement, ObservedCheck, expect, unclear};
use crate::observe::{Outcome, Response, StepId};

/// A token of another client than the good one.
pub(crate) const OTHERS_TOKEN: StepId = StepId::new("others-token");

/// Tokens differ, and hold enough of an alphabet to be hard to guess; a lower bound cannot be proven from outside. RFC 6749 asks
/// for no new token with each answer: a server may hand out the one that the client has, while it lives.
pub(crate) fn tokens_unique(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let token_in = |(index, response): (usize, &Response)| Some((index, response.json_text("access_token")?));
    let others: Vec<(usize, String)> = case.answers_of(OTHERS_TOKEN).filter_map(token_in).collect();
    for (_, seen) in case.observations_of(OTHERS_TOKEN).filter(|(_, seen)| seen.outcome == Outcome::Unclear) {
        judgement.leaves_open(unclear(seen));
    }
    let is_others = |index: usize| others.iter().any(|(other, _)| *other == index);
    let tokens: Vec<(usize, String)> =
        case.all_answers().filter_map(token_in).filter(|(index, _)| !is_others(*index)).collect();
    let Some((last, _)) = tokens.last() else { return judgement };
    let distinct: BTreeSet<&str> = tokens.iter().map(|(_, token)| token.as_str()).collect();
    if let Some((index, _)) = others.iter().find(|(_, token)| distinct.contains(token.as_str())) {
        judgement.violates(*index, "another client has the same token", "a token of its own for each client");
        return judgement;
    }
    if distinct.len() < tokens.len() && come_in_rows(&tokens) {
        judgement.remarks.push(format!(
            "a client gets the token that it has already: {} tokens in {} answers",
            distinct.len(),
            tokens.len()
        ));
        judgement.needs_review = true;
        // fewer tokens than answers show too few characters for a bound
        return judgement;
    } else if distinct.len() < tokens.len() {
        let repeated = tokens.len() - distinct.len();
        judgement.violates(
            *last,
            format!("{repeated} of {} tokens came before", tokens.len()),
            "tokens that are all distinct",
        );
        return judgement;
    }
    let bits = bits_bound(&distinct);
    if bits < 128.0 {
        let text = format!("at most {bits:.0} bits differ between {} tokens", tokens.len());
        judgement.violates(*last, text, "at least 128 bits");
        // RFC 6749 §10.10 has 2^(-128) for a must; nobody guesses a UUID
        judgement.at_most = most_severe(bits);
    } else {
        judgement.remarks.push(format!("{} distinct tokens, at most {bits:.0} bits each", tokens.len()));
    }
    judgement
}

/// The highest severity of tokens with so many bits, where it is less than that of the check.
pub(crate) fn most_severe(bits: f64) -> Option<Severity> {
    match bits {
        112.0.. => Some(Severity::Low),
        80.0.. => Some(Severity::Medium),
        _ => None,
    }
}

/// Whether each token that comes more than once comes in a row of answers, and never after another: so does one that is handed
/// out until it ends, and not one that was made anew.
fn come_in_rows(tokens: &[(usize, String)]) -> bool {
    let mut rows: Vec<&str> = tokens.iter().map(|(_, token)| token.as_str()).collect();
    rows.dedup();
    rows.iter().collect::<BTreeSet<_>>().len() == rows.len()
}

/// An upper bound: at each place, the logarithm of how many characters there may be. No place has characters that are seen at none:
/// tokens are spelled in one alphabet.
fn bits_bound(tokens: &BTreeSet<&str>) -> f64 {
    let columns: Vec<Vec<char>> = tokens.iter().map(|token| token.chars().collect()).collect();
    let length = columns.iter().map(Vec::len).max().unwrap_or_default();
    let seen_at = |at: usize| columns.iter().filter_map(|token| token.get(at).copied()).collect::<BTreeSet<char>>();
    let places: Vec<BTreeSet<char>> = (0..length).map(seen_at).filter(|seen| seen.len() > 1).collect();
    let alphabet = places.iter().flatten().collect::<BTreeSet<_>>().len();
    places.iter().map(|seen| alphabet_bound(seen.len(), columns.len()).min(alphabet as f64).log2()).sum()
}

/// How many characters there may be where so many are seen in a sample: the most of which the others may all have been missed, once
/// in a million samples at least.
fn alphabet_bound(seen: usize, sample: usize) -> f64 {
    const RARE: f64 = -13.8;
    let (seen, sample) = (seen as f64, sample as f64);
    // the logarithm of the ways to choose what is seen, and of the chance that nothing else comes
    let (mut all, mut choices) = (seen, 0.0);
    loop {
        let more = all + 1.0;
        let of_more = choices + f64::ln(more / (more - seen));
        if of_more + sample * f64::ln(seen / more) < RARE {
            return all;
        }
        (all, choices) = (more, of_more);
        // a sample that shows each character once bounds nothing
        if all > 256.0 {
            return all;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_no_grave_finding_and_a_number_is_one() {
        let severities = [122.0, 100.0, 40.0].map(most_severe);
        assert_eq!(severities, [Some(Severity::Low), Some(Severity::Medium), None]);
    }

    #[test]
    fn a_token_that_is_handed_out_until_it_ends_comes_in_a_row() {
        let tokens = |text: &str| text.chars().map(|c| (0, c.to_string())).collect::<Vec<_>>();
        for (answers, expected) in [("aaaa", true), ("aabbbc", true), ("abab", false), ("abca", false)] {
            assert_eq!(come_in_rows(&tokens(answers)), expected, "{answers}");
        }
    }

    /// So many tokens of random characters behind a prefix, the same ones for each seed.
    fn random(alphabet: &str, length: usize, seed: u64) -> BTreeSet<String> {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet[(state >> 33) as usize % alphabet.len()]
        };
        (0..200).map(|_| format!("tok_{}", (0..length).map(|_| next()).collect::<String>())).collect()
    }

    #[test]
    fn what_a_sample_has_missed_is_no_want_of_bits() {
        let bound = |seen| alphabet_bound(seen, 200) as usize;
        assert_eq!([1, 2, 10, 15, 16].map(bound), [1, 2, 10, 16, 17]);
        let base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // 128 bits in hexadecimal digits, more than that in Base64, and less in both
        for (alphabet, length, are_enough) in
            [("0123456789abcdef", 32, true), ("0123456789abcdef", 31, false), (base64, 22, true), (base64, 21, false)]
        {
            for seed in 1..200 {
                let tokens = random(alphabet, length, seed);
                let bits = bits_bound(&tokens.iter().map(String::as_str).collect());
                assert_eq!(bits >= 128.0, are_enough, "{length} of {}: {bits}", alphabet.len());
            }
        }
    }

    #[test]
    fn counters_hold_few_bits_and_random_tokens_many() {
        let counted: Vec<String> = (0..200).map(|at| format!("abt_{at:020}")).collect();
        let bits = bits_bound(&counted.iter().map(String::as_str).collect());
        assert!(bits < 12.0, "{bits}");
        let spread: Vec<String> = (0..200_u64)
            .map(|at| (0..40_u64).map(|i| char::from(b'a' + ((at * 7 + i * 11 + at * i) % 26) as u8)).collect())
            .collect();
        let bits = bits_bound(&spread.iter().map(String::as_str).collect());
        assert!(bits > 128.0, "{bits}");
    }
}
