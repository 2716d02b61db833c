//! Bodies that do not parse, and those of which one member alone is malformed: what looks at the members one after the
//! other does not get to the second where the first is wrong.

use serde_json::{Value, json};

use super::bodies::{DEEP, DEEP_FORM, NO_GZIP};
use super::malformed::never_broken_but;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, On, Step, Want, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::Observation;

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.malformed-body-never-5xx",
    title: "A body that does not parse is answered without a server error",
    severity: Severity::Low,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["RFC 9110 §15.5.1", "RFC 9110 §8.3", "RFC 9110 §8.4", "ASVS 16.5.3"],
    doc: Doc {
        sends: "Each write, and each resource that is read with a body, as by POST (at most 8), with the good credential, and with a body that does not parse, `null`, `{}`, `[]`, five thousand arrays deep, that is said to be gzip and is not, of parts of a form without a boundary, in a charset or of a media type that does not exist, and without a media type; in JSON or as a form, as the scenario has it; and with an object whose `toString` is no function, a number, null, a text with NUL, and arrays in arrays (a hundred deep) for each member of its JSON. Each of the first five members of its JSON (those of the body first, then those one level down, and none that is named like a credential) is also malformed alone, while the others stay good: such an object, a number (a text where a number is), null, a text with NUL, a lone surrogate (`\"\\ud800\"`), and an empty array. The good body comes once more at the end. A server error with the error object of JSON-RPC is no server error: that is how some answer calls that fail.",
        matters: "Whoever has a credential can send such a body: a server that breaks on it lets its users fill its logs and keep its workers busy, and its error page often shows code.",
        fix: "Answer 400 to a body that does not parse, and 415 to a coding or a media type that is not supported.",
    },
    steps: &and_one_member::<16, 47>([
        send(Who::Good, On::EachContent).granted().called("the good body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Body { json: "{\"item\": ", form: "item=%zz&%ff=%" }])
            .called("a body that does not parse"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Body { json: "null", form: "=" }])
            .called("null (in a form: =) as the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Body { json: "{}", form: "authbench" }])
            .called("{} (in a form: a name alone) as the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Members(|_| Value::from("a\0b"))])
            .called("a text with NUL for each member of the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Members(nested)])
            .called("arrays in arrays for each member of the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Members(|_| json!({ "toString": 1, "valueOf": 1 }))])
            .called("an object for each member of the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Members(|_| Value::from(5))])
            .called("a number for each member of the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Members(|_| Value::Null)])
            .called("null for each member of the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Replaced("Content-Type", Fill::Text("multipart/form-data"))])
            .called("parts of a form without a boundary"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Body { json: "[]", form: "" }])
            .called("[] (in a form: nothing) as the body"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Body { json: DEEP, form: DEEP_FORM }])
            .called("a body that is nested deeply"),
        send(Who::Good, On::EachContent).with(NO_GZIP).called("a body that is said to be gzip"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Replaced("Content-Type", Fill::Text("application/json; charset=authbench"))])
            .called("a body in a charset that does not exist"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Replaced("Content-Type", Fill::Text("application/x-authbench"))])
            .called("a body of a media type that does not exist"),
        send(Who::Good, On::EachContent)
            .with(&[Alter::Without("Content-Type")])
            .called("a body without a Content-Type"),
    ]),
    expect: bodies_never_broken,
    fault: "breaks-on-body-of-holder",
    ..PLAIN
}];

/// Arrays in arrays, as deep as parsers allow and code that walks them may not.
fn nested(_: &Value) -> Value {
    (0..100).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]))
}

/// How many members are malformed, each alone.
const MEMBERS: usize = 5;

/// What a member is that is malformed.
const VALUES: [fn(&Value) -> &'static str; 6] = [
    // no script can turn it into a text
    |_| r#"{"toString":1,"valueOf":1}"#,
    |member| if member.is_number() { r#""authbench""# } else { "5" },
    |_| "null",
    |_| r#""a\u0000b""#,
    // half of a character (RFC 8259 §8.2)
    |_| r#""\ud800""#,
    |_| "[]",
];

/// Each of the first members with each of these values.
static ONE_MEMBER: [[Alter; 1]; MEMBERS * VALUES.len()] = {
    let mut all = [[Alter::Member(0, VALUES[0])]; MEMBERS * VALUES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = [Alter::Member(at / VALUES.len(), VALUES[at % VALUES.len()])];
        at += 1;
    }
    all
};

/// The same steps, each member malformed alone, and the good body once more.
const fn and_one_member<const FIRST: usize, const STEPS: usize>(first: [Step; FIRST]) -> [Step; STEPS] {
    assert!(STEPS == FIRST + ONE_MEMBER.len() + 1);
    let mut steps = [send(Who::Good, On::EachContent).called("the good body once more"); STEPS];
    let mut at = 0;
    while at + 1 < STEPS {
        steps[at] = if at < FIRST { first[at] } else { send(Who::Good, On::EachContent).with(&ONE_MEMBER[at - FIRST]) };
        at += 1;
    }
    steps
}

/// No answer to a body that is malformed is a server error that comes again. Where the good body breaks as well when it is sent
/// once more, such as a name that has to be new, a body that has one member that differs shows nothing.
fn bodies_never_broken(case: &ObservedCheck<'_>) -> Judgement {
    let breaks_again = |seen: &Observation| {
        let mut repeated = case.lenient().filter(|(_, other)| is_plain(case.step_of(other)));
        repeated.any(|(_, other)| other.place == seen.place && is_broken(other))
    };
    let mut judgement = never_broken_but(case, |seen| {
        let step = case.step_of(seen);
        is_failed_call(seen) || ((is_plain(step) || is_of_one_member(step)) && breaks_again(seen))
    });
    for (_, seen) in case.lenient().filter(|(_, seen)| is_plain(case.step_of(seen)) && is_broken(seen)) {
        let what = seen.exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        judgement
            .leaves_open(format!("{}: {what}, so members that are malformed alone show nothing", seen.description));
    }
    judgement
}

fn is_broken(seen: &Observation) -> bool {
    seen.exchange.status().is_none_or(|status| status >= 500) && !is_failed_call(seen)
}

/// Whether an answer is the error of a call (JSON-RPC 2.0, section 5.1), which some servers send with status 500.
fn is_failed_call(seen: &Observation) -> bool {
    let answer = seen.exchange.response().and_then(|response| response.json());
    answer.is_some_and(|answer| answer.get("id").is_some() && answer["error"]["code"].is_i64())
}

/// Whether a step is the good body after which nothing has to come.
fn is_plain(step: &Step) -> bool {
    matches!(step, Step::Send(send) if send.alter.is_empty() && matches!(send.want, Want::Either))
}

/// Whether a step changes one member of a body.
fn is_of_one_member(step: &Step) -> bool {
    matches!(step, Step::Send(send) if matches!(send.alter, [Alter::Member(..)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response, Silence};

    #[test]
    fn the_error_of_a_call_is_no_server_error() {
        let check = crate::check::find("common.malformed-body-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (body, found) in [
            (r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#, 0),
            (r#"{"error":{"code":"internal"},"id":1}"#, 1),
            (r#"{"error":{"code":500}}"#, 1),
            ("<h1>500</h1>", 1),
        ] {
            let answer =
                Response { status: 500, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/rpc"), Silence::Closed);
            let seen = Observation::in_test(1, Exchange { answer: Ok(answer), ..asked }, Outcome::Broke);
            let mut evidence = Evidence::default();
            evidence.observe(Observation { reproduced: true, credential: Some("service".to_owned()), ..seen });
            let judged = bodies_never_broken(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(judged.protocol.len(), found, "{body}");
        }
    }

    #[test]
    fn one_member_is_not_to_blame_where_the_good_body_breaks_when_it_comes_again() {
        let check = crate::check::find("common.malformed-body-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of_one = check.steps.iter().position(is_of_one_member).expect("is sent");
        let (of_all, last) = (1, check.steps.len() - 1);
        assert!(is_plain(&check.steps[last]) && !is_plain(&check.steps[0]));
        for (all, one, again, found) in [
            (400, 500, 201, (1, 0)),
            (400, 500, 409, (1, 0)),
            (400, 400, 201, (0, 0)),
            (400, 501, 201, (0, 0)),
            (400, 500, 500, (0, 1)),
            // no member is good in the others
            (500, 500, 500, (1, 1)),
            (500, 400, 201, (1, 0)),
        ] {
            let mut evidence = Evidence::default();
            for (step, status) in [(0, 201), (of_all, all), (of_one, one), (last, again)] {
                let answer = Ok(Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
                let asked = Exchange::unanswered(Request::new("POST", "/orders"), Silence::Closed);
                let outcome = if status == 201 { Outcome::Granted } else { Outcome::Refused };
                let seen = Observation::in_test(step, Exchange { answer, ..asked }, outcome);
                evidence.observe(Observation { reproduced: true, credential: Some("service".to_owned()), ..seen });
            }
            let judged = bodies_never_broken(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.protocol.len(), judged.open.len()), found, "{all} {one} {again}");
        }
    }
}
