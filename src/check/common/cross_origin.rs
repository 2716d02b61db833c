//! Judgements about credentials across origins (WHATWG Fetch, CORS protocol).

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};

/// No hostile origin is allowed by its name together with credentials.
pub(crate) fn limited(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers() {
        let request = &case.evidence.observations[index].exchange.request;
        let origin = request.value_of("origin").map(|origin| String::from_utf8_lossy(origin).into_owned());
        let allowed = response.header("access-control-allow-origin").unwrap_or_default();
        let credentials = response.header("access-control-allow-credentials").is_some_and(|value| value == "true");
        if !credentials {
            continue;
        }
        if allowed == "*" {
            // a browser lets no page read an answer to a request with credentials for `*` (Fetch, CORS check)
            let text =
                "`*` beside Access-Control-Allow-Credentials: browsers ignore it, and the API meant something else";
            if judgement.remarks.is_empty() {
                judgement.remarks.push(text.to_owned());
            }
        } else if origin.is_some_and(|origin| origin == allowed) {
            judgement.violates(
                index,
                format!("the origin {allowed} is reflected, with credentials"),
                "a list of origins",
            );
        }
    }
    judgement
}
