//! Judgements about `WWW-Authenticate` (RFC 9110 §11.6.1).

use super::judgement::{Case, Judgement};
use crate::observe::{Challenge, Response, parse_challenges};

/// Every 401 names at least one challenge (RFC 9110 §15.5.2).
pub(super) fn named_on_401(case: &Case<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.all_answers() {
        if response.status == 401 && of(response).is_empty() {
            judgement.deviates(index, "401 without a challenge", "WWW-Authenticate with at least one challenge");
        }
    }
    judgement
}

/// The challenges of a response; none where they do not parse.
pub(super) fn of(response: &Response) -> Vec<Challenge> {
    let lines: Vec<String> = response.header_values("www-authenticate").map(std::borrow::Cow::into_owned).collect();
    parse_challenges(lines.iter().map(String::as_str)).unwrap_or_default()
}
