//! What is said of an answer that is neither a grant nor a refusal: what it lacks, and what the scenario can say about it.

use super::{Answered, Declared, body};
use crate::observe::{Fingerprint, media_type_of};

/// What is known of a resource when one of its answers is unclear.
pub(super) struct Doubt<'a> {
    /// How granted answers look.
    pub(super) success: &'a Fingerprint,
    /// What of that the scenario declares; the rest was learned of good answers.
    pub(super) declared: Option<&'a Declared>,
    /// Whether the scenario declares how refusals look.
    pub(super) declares_refusal: bool,
    /// Whether answers to requests without a credential have the marks of good ones, too.
    pub(super) void: bool,
    /// Whether the answer redirects to another place than good answers do.
    pub(super) leads_away: bool,
}

impl Doubt<'_> {
    /// Why an answer with this status is unclear, and what to write.
    pub(super) fn of_status(&self, answer: &Answered<'_>, fits: bool) -> String {
        let status = answer.status;
        match status {
            _ if fits && self.leads_away => {
                let refusal = self.refusal();
                format!("{status} redirects to another place than good answers do; {refusal} if that place refuses")
            }
            _ if fits && self.void => format!(
                "{status} has the marks of a good answer, and so have answers to requests without a credential; declare \
                 `success` on the resource"
            ),
            _ if fits => format!(
                "{status} has the status and the type of a good answer, and nothing of its content; declare `success` on the \
                 resource, or {} if this answer refuses",
                self.refusal()
            ),
            400.. => format!("{status} says nothing about the credential"),
            200..=399 => match self.lacks(answer) {
                Some(lacks) => format!("{status} is neither a recognised grant nor a recognised refusal: {lacks}"),
                None => format!(
                    "{status} is neither a recognised grant nor a recognised refusal; declare `success` on the resource, or {} \
                     if this answer refuses",
                    self.refusal()
                ),
            },
            _ => format!("{status} is neither a grant nor a refusal"),
        }
    }

    /// What an answer lacks of the `success` that the scenario declares, and what to do. None where it declares none, or lacks nothing.
    pub(super) fn lacks(&self, answer: &Answered<'_>) -> Option<String> {
        let what = unmet(self.success, self.declared?, answer)?;
        let refusal = self.refusal();
        Some(format!("{what}; correct `success` if this answer grants access, or {refusal} if it refuses"))
    }

    fn refusal(&self) -> &'static str {
        if self.declares_refusal { "add it to `refusal`, which takes a list," } else { "declare `refusal`" }
    }
}

/// The first mark of success that an answer does not have, and whether the scenario or a good answer named it.
fn unmet(success: &Fingerprint, declared: &Declared, answer: &Answered<'_>) -> Option<String> {
    let who = |is_declared: bool| if is_declared { "`success` names" } else { "good answers have" };
    if answer.status != success.status {
        return Some(format!("{} the status {}", who(declared.status.is_some()), success.status));
    }
    if let Some(media) = &success.content_type
        && !media_type_of(answer.content_type).eq_ignore_ascii_case(media.as_bytes())
    {
        return Some(format!("{} the type {media}", who(declared.content_type.is_some())));
    }
    let decoded = body::decoded(answer.body, answer.content_encoding);
    let plain = Answered { body: &decoded.bytes, ..*answer };
    let lacks = |one: Declared| !one.is_empty() && !one.fits(&Answered { content_encoding: None, ..plain });
    let text = Declared { text: success.text.clone(), ..Declared::default() };
    if lacks(text) {
        return success.text.as_ref().map(|text| format!("`success` names the text `{text}`, which is not in it"));
    }
    let pointer = Declared { pointer: success.pointer.clone(), ..Declared::default() };
    if lacks(pointer) {
        let named = |pointer| format!("`success` names the JSON value {pointer}, which is not in it");
        return success.pointer.as_ref().map(named);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{learned, outcome, response};
    use super::super::{Asked, Learned};
    use super::*;
    use crate::observe::{Outcome, Response};

    #[test]
    fn one_of_several_declared_refusals_suffices() {
        let page = |status: u16, text: &str| {
            response(status, "text/html", format!("<html><h1>Orders Inc.</h1><p>{text}</p></html>"))
        };
        let good = || page(200, "Your walnut desk is on its way");
        let patterns = |statuses: &[u16], text: &str| -> Vec<Declared> {
            let by_status = statuses.iter().map(|status| Declared { status: Some(*status), ..Declared::default() });
            by_status.chain([Declared { text: Some(text.to_owned()), ..Declared::default() }]).collect()
        };
        let judged = |refusals: Vec<Declared>, answer: &Response| {
            let anonymous = vec![page(302, ""), page(302, "")];
            outcome(
                &Learned { good: vec![good(), good()], anonymous, refusals, ..Learned::default() }.recognition(),
                answer,
                true,
            )
        };
        for (answer, expected) in [
            (page(302, ""), Outcome::Refused),
            (page(200, "Members only"), Outcome::Refused),
            (page(404, "nothing"), Outcome::Refused),
            (page(204, ""), Outcome::Unclear),
            (good(), Outcome::Granted),
        ] {
            assert_eq!(judged(patterns(&[302], "Members only"), &answer), expected, "{answer:?}");
        }
        assert_eq!(judged(Vec::new(), &page(302, "")), Outcome::Unclear);
    }

    #[test]
    fn an_unclear_answer_names_the_part_of_success_that_it_lacks() {
        let html = |status: u16, text: &str| response(status, "text/html", format!("<p>{text}</p>"));
        let json = |status: u16, text: &str| response(status, "application/json", text);
        let declared = |status, text: Option<&str>, pointer: Option<&str>| {
            let (text, pointer) = (text.map(str::to_owned), pointer.map(str::to_owned));
            Some(Declared { status, text, pointer, content_type: None })
        };
        let redirect = Declared { status: Some(302), ..Declared::default() };
        for (success, refusals, answer, parts) in [
            (None, vec![], json(202, "{}"), ["declare `success` on the resource", "declare `refusal`"]),
            (None, vec![redirect.clone()], json(202, "{}"), ["declare `success`", "add it to `refusal`"]),
            (
                declared(None, None, Some("/orders")),
                vec![],
                json(200, "{}"),
                ["`success` names the JSON value /orders", "declare `refusal`"],
            ),
            (
                declared(None, Some("walnut"), None),
                vec![redirect],
                json(200, "{}"),
                ["`success` names the text `walnut`", "add it to `refusal`"],
            ),
            (
                declared(Some(200), None, None),
                vec![],
                json(204, ""),
                ["`success` names the status 200", "correct `success`"],
            ),
            (
                declared(None, Some("walnut"), None),
                vec![],
                json(204, ""),
                ["good answers have the status 200", "correct `success`"],
            ),
            (
                declared(None, Some("walnut"), None),
                vec![],
                html(200, ""),
                ["good answers have the type application/json", "correct `success`"],
            ),
        ] {
            let known = Learned { success: success.clone(), refusals, ..learned() }.recognition();
            let reading = known.read_answer(&Answered::from_response(&answer), &Asked::default());
            let why = reading.why.unwrap_or_default();
            assert_eq!(reading.outcome, Outcome::Unclear, "{success:?} {answer:?}: {why}");
            assert!(parts.iter().all(|part| why.contains(part)), "{success:?} {answer:?}: {why}");
            let is_wrong_advice = success.is_some() && why.contains("declare `success`");
            assert!(!is_wrong_advice, "{why}");
        }
    }
}
