//! Judgements that checks share.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::Want;
use crate::check::{Explanation, Step};
use crate::observe::{Outcome, Response};

/// Each answer against what its step wants; what most checks need.
pub(crate) fn wants(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, _) in case.observations() {
        case.judge(index, &mut judgement);
    }
    count_repeats(case, &mut judgement);
    judgement
}

/// Of a request that was sent several times, one violation stays: it says how often access was granted.
fn count_repeats(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let of = |index: usize| {
        let seen = &case.evidence.observations[index];
        matches!(case.step_of(seen), Step::Send(send) if send.thorough).then_some((seen.step, seen.place))
    };
    let violations = std::mem::take(&mut judgement.access);
    let groups: Vec<_> = violations.iter().map(|violation| of(violation.observation)).collect();
    for (at, mut violation) in violations.into_iter().enumerate() {
        let Some(group) = groups[at] else {
            judgement.access.push(violation);
            continue;
        };
        if groups[..at].contains(&Some(group)) {
            continue;
        }
        let granted = groups.iter().filter(|other| **other == Some(group)).count();
        let sent = case.observations().filter(|(index, _)| of(*index) == Some(group)).count();
        violation.text = format!("{} ({granted} of {sent} requests)", violation.text);
        judgement.access.push(violation);
    }
}

/// Each answer against what its step wants, and each refusal names one of these OAuth error codes (RFC 6749 §5.2).
pub(crate) fn wants_error(case: &ObservedCheck<'_>, codes: &[&str]) -> Judgement {
    let mut judgement = wants(case);
    for (index, response) in case.refusals() {
        error_is_one_of(&mut judgement, index, response, codes);
    }
    judgement
}

/// What recipients have to read and clients seldom write: several spaces (RFC 9110 §11.4), spaces at the end of a field (§5.5),
/// spaces around equals signs and escapes (§5.6). A refusal shuts nobody out who writes what clients write: it is for a person
/// to look at, and a deviation in strict profiles.
pub(crate) fn scheme_read(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = wants(case);
    for (index, seen) in case.lenient() {
        match seen.outcome {
            Outcome::Refused if case.profile.strict_challenges() => {
                judgement.deviates(index, case.about(index, "access was refused"), "granted");
            }
            Outcome::Refused => {
                judgement.remarks.push(format!("{}: access was refused", seen.description));
                judgement.needs_review = true;
            }
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    judgement
}

/// The `error` member of a JSON body is one of these.
pub(crate) fn error_is_one_of(judgement: &mut Judgement, index: usize, response: &Response, codes: &[&str]) {
    let error = response.json_text("error");
    if !error.as_deref().is_some_and(|error| codes.contains(&error)) {
        let explanation = if error.is_none() { Explanation::ErrorAbsent } else { Explanation::Own };
        let seen = error.map_or_else(|| "no error member".to_owned(), |error| format!("error={error:?}"));
        judgement.deviates_by(
            explanation,
            index,
            format!("the body has {seen}"),
            format!("error={}", codes.join(" or ")),
        );
    }
}

/// The media type of a body.
pub(crate) fn media_type_is(judgement: &mut Judgement, index: usize, response: &Response, expected: &str) {
    let seen = response.media_type().unwrap_or_default();
    if seen != expected {
        judgement.deviates(index, format!("the media type is {seen:?}"), expected);
    }
}

/// The directives of `Cache-Control` in lower case, with their arguments (RFC 9111 §5.2). A comma within quotes separates
/// nothing (RFC 9110 §5.6.4).
pub(crate) fn directives(response: &Response) -> Vec<(String, Option<String>)> {
    let lines = response.header_values("cache-control").map(|line| line.to_ascii_lowercase()).collect::<Vec<_>>();
    let parts = lines.iter().flat_map(|line| list_members(line)).map(str::trim).filter(|part| !part.is_empty());
    let split = |part: &str| match part.split_once('=') {
        Some((name, argument)) => (name.trim().to_owned(), Some(argument.trim().trim_matches('"').to_owned())),
        None => (part.to_owned(), None),
    };
    parts.map(split).collect()
}

/// What commas separate outside of quoted strings.
fn list_members(line: &str) -> Vec<&str> {
    let (mut members, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                members.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members.push(&line[start..]);
    members
}

/// Whether a `no-store` is among them. RFC 9111 §5.2 allows it no argument and does not say that recipients ignore one: a
/// cache need not take `no-store=True` for it.
pub(crate) fn forbid_storing(directives: &[(String, Option<String>)]) -> bool {
    directives.iter().any(|(name, argument)| name == "no-store" && argument.is_none())
}

/// What a `Cache-Control` without `no-store` lacks, for a reader.
pub(crate) fn lack_of_no_store(directives: &[(String, Option<String>)]) -> String {
    let is_meant = |(name, _): &&(String, _)| matches!(name.trim_matches('"'), "no-store" | "no_store" | "nostore");
    match directives.iter().find(is_meant) {
        Some((name, Some(argument))) => format!("Cache-Control has {name}={argument}, which is no no-store"),
        Some((name, None)) => format!("Cache-Control has {name}, which is no no-store"),
        None => "Cache-Control has no no-store".to_owned(),
    }
}

/// Each answer against what its step wants, and no cache keeps a successful one (RFC 9111 §5.2.2.5).
pub(crate) fn no_store(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = wants(case);
    for (index, response) in case.all_answers().filter(|(_, response)| (200..300).contains(&response.status)) {
        let directives = directives(response);
        if !forbid_storing(&directives) {
            judgement.deviates(index, lack_of_no_store(&directives), "Cache-Control: no-store");
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    #[test]
    fn a_good_request_that_is_refused_at_the_start_is_no_failure_of_the_check() {
        let profile = Effective::of(["api-key-403"], "bearer");
        for (id, access, open) in [
            // the good request as it is
            ("common.trace-disabled", 0, 1),
            ("login.logout-ends-credential", 0, 1),
            // one that has to be read, in another spelling
            ("bearer.scheme-case-insensitive", 1, 0),
            // the positive control itself
            ("bearer.valid-accepted", 1, 0),
        ] {
            let check = find(id).expect("is in the catalogue");
            let is_wanted = |step: &Step| matches!(step, Step::Send(_)) && matches!(step.wanted(), Want::Granted);
            let step = check.steps.iter().position(is_wanted).expect("something has to be granted");
            let answer = Response { status: 401, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, Outcome::Refused));
            let found = wants(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.open.len()), (access, open), "{id}");
        }
    }

    fn directives_of(lines: &[&str]) -> Vec<(String, Option<String>)> {
        let headers = lines.iter().map(|line| ("Cache-Control".to_owned(), line.as_bytes().to_vec())).collect();
        directives(&Response { status: 200, headers, body: Vec::new(), truncated: false })
    }

    #[test]
    fn no_store_counts_as_a_directive_without_an_argument() {
        for lines in [
            &["no-store"][..],
            &["No-Store, max-age=0"],
            &["private=\"set-cookie, x\" ,\tno-store "],
            &["no-cache", ",, no-store"],
        ] {
            assert!(forbid_storing(&directives_of(lines)), "{lines:?}");
        }
        for (lines, lacks) in [
            (&["no-store=True"][..], "Cache-Control has no-store=true, which is no no-store"),
            (&["no-store=\"\""], "Cache-Control has no-store=, which is no no-store"),
            (&["\"no-store\""], "Cache-Control has \"no-store\", which is no no-store"),
            (&["no_store"], "Cache-Control has no_store, which is no no-store"),
            (&["private=\"a, no-store, b\""], "Cache-Control has no no-store"),
            (&["private=\"a\\\", no-store"], "Cache-Control has no no-store"),
            (&["no-cache no-store"], "Cache-Control has no no-store"),
            (&[], "Cache-Control has no no-store"),
        ] {
            let directives = directives_of(lines);
            assert!(!forbid_storing(&directives), "{lines:?}");
            assert_eq!(lack_of_no_store(&directives), lacks, "{lines:?}");
        }
    }
}
