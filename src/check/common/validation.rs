//! Whether a server reads what it is sent before it knows who asks.

use super::bodies::{
    A_DEEP_BODY, A_LONG_BODY, DEEP, DEEP_FORM, LONG, LONG_FORM, MISREAD, NO_GZIP, NOWHERE, THE_GOOD_BODY, THE_READ,
    UNREAD, unread,
};
use crate::check::step::{Alter, Fill, On, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.auth-before-input-validation",
    title: "Schema errors are not reported to unauthenticated callers",
    severity: Severity::Info,
    tier: Tier::Extended,
    sources: &["OWASP API8:2023", "ASVS 16.5.1"],
    doc: Doc {
        sends: "Each resource that is read by GET, or by another method where none is (at most 16), without a credential: as it is, with a path and a query that are no UTF-8 (`%ff`), with a word in place of each number in its path, and with a query that no schema allows; what a path that names nothing is answered with as well says nothing. Each write, and each resource that is read with a body, as by POST (at most 8), without a credential: with the body of the scenario, and with one that no schema allows, that does not parse, `[]`, `null`, and five thousand arrays deep beside a long one, in JSON or as a form, as the scenario has it; with another media type, and with parts of a form without a boundary; with one that is said to be gzip and is not; and with a query that no schema allows.",
        matters: "An error that names fields shows the inside of an API to whoever has no business there.",
        fix: "Authenticate before the path, the query and the body are parsed.",
    },
    steps: &[
        send(Who::Good, On::Protected).granted().called("the good request").if_given(),
        send(Who::Anonymous, On::EachRead).id(THE_READ).called("the request as it is").if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Target(Fill::Text("/authbench-absent/%ff"))])
            .id(NOWHERE[0])
            .called("a path that is no UTF-8 and names nothing")
            .if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Target(Fill::Text("/authbench-absent?authbench=%ff"))])
            .id(NOWHERE[1])
            .called("a query that is no UTF-8, and a path that names nothing")
            .if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Path(|path| format!("{}/%ff", path.trim_end_matches('/')))])
            .id(MISREAD[0])
            .called("a path that is no UTF-8")
            .if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Path(|path| format!("{path}?authbench=%ff"))])
            .id(MISREAD[1])
            .called("a query that is no UTF-8")
            .if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Numbers("authbench")])
            .id(MISREAD[2])
            .called("a word in place of each number in the path")
            .if_given(),
        send(Who::Anonymous, On::EachRead)
            .with(&[Alter::Query("limit", Fill::Text("authbench"))])
            .id(MISREAD[3])
            .called("a query that no schema allows of a read")
            .if_given(),
        send(Who::Anonymous, On::EachContent).id(THE_GOOD_BODY).called("the good body").if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body {
                json: "{\"authbench\": [1, {\"x\": \"y\"}], \"item\": {}}",
                form: "authbench[]=1&authbench[x]=y",
            }])
            .denied(UNREAD)
            .called("a body that no schema allows")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body { json: "{\"item\": ", form: "item=%zz&%ff=%" }])
            .denied(UNREAD)
            .called("a body that does not parse")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body { json: "[]", form: "" }])
            .denied(UNREAD)
            .called("[] (in a form: nothing) as the body")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body { json: "null", form: "=" }])
            .denied(UNREAD)
            .called("null (in a form: =) as the body")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body { json: LONG, form: LONG_FORM }])
            .id(A_LONG_BODY)
            .called("a body that is as long, and not nested")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Body { json: DEEP, form: DEEP_FORM }])
            .id(A_DEEP_BODY)
            .denied(UNREAD)
            .called("a body that is nested deeply")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Replaced("Content-Type", Fill::Text("text/plain"))])
            .denied(UNREAD)
            .called("a body of another media type")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Replaced("Content-Type", Fill::Text("multipart/form-data"))])
            .denied(UNREAD)
            .called("parts of a form without a boundary")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(NO_GZIP)
            .denied(UNREAD)
            .called("a body that is said to be gzip")
            .if_given(),
        send(Who::Anonymous, On::EachContent)
            .with(&[Alter::Query("limit", Fill::Text("authbench"))])
            .denied(UNREAD)
            .called("a query that no schema allows")
            .if_given(),
    ],
    compares_answers: true,
    expect: unread,
    implied_by: &["common.malformed-target-never-5xx"],
    fault: "validate-before-auth",
    ..PLAIN
}];
