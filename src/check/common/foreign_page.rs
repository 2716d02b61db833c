//! Writes that a page of another site makes a browser send, with what the browser adds by itself: a cookie, a password that its
//! user typed once, a certificate.

use crate::check::judgement::{Judgement, ObservedCheck, challenges, expect};
use crate::check::step::{Accept, Alter, FOREIGN_ORIGIN, Fill, On, Step, Want, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Outcome, StepId, media_type_of};

/// For HTTP Basic.
pub(crate) const BASIC: &[Check] = &[Check {
    id: "basic.foreign-page-write-refused",
    title: "A write that a page of another site makes a browser send is refused",
    doc: OF_PASSWORD,
    steps: &OF_PASSWORDS,
    expect: |case| of_challenged(case, "basic"),
    fault: "basic-foreign-pages-write",
    ..WRITE
}];

/// For HTTP Digest.
pub(crate) const DIGEST: &[Check] = &[Check {
    id: "digest.foreign-page-write-refused",
    title: "A write that a page of another site makes a browser send is refused",
    doc: OF_PASSWORD,
    steps: &OF_PASSWORDS,
    expect: |case| of_challenged(case, "digest"),
    fault: "digest-foreign-pages-write",
    ..WRITE
}];

/// For client certificates.
pub(crate) const MTLS: &[Check] = &[Check {
    id: "mtls.foreign-page-write-refused",
    title: "A write that a page of another site makes a browser send is refused",
    severity: Severity::Low,
    doc: Doc {
        sends: "Each write (at most 8) over a connection with the certificate, as a form of another site sends it: with its Origin and `Sec-Fetch-Site: cross-site`, without lines of `headers` that a form cannot send, as a form, and as text/plain. Methods other than GET and POST need the consent of the target (CORS) and are left out.",
        matters: "A browser that has the certificate uses it for requests that other sites make it send, too; SameSite is about cookies alone.",
        fix: "Compare Origin or Sec-Fetch-Site with the own site in each request that changes state; refuse JSON that comes as text/plain.",
    },
    steps: &[WRITTEN, SENT, SENT_AS_FORM, SENT_AS_TEXT],
    expect: |case| judged(case, Reach::Forms),
    fault: "mtls-foreign-pages-write",
    ..WRITE
}];

const WRITE: Check =
    Check { tier: Tier::Extended, remote_safe: false, sources: &["ASVS 3.5.1", "CWE-352", "WSTG-SESS-05"], ..PLAIN };

const OF_PASSWORD: Doc = Doc {
    sends: "Each write (at most 8) with the good credential as a form of another site sends it: with its Origin and `Sec-Fetch-Site: cross-site`, without the lines of `write_headers` and those of `headers` that a form cannot send, as a form, and as text/plain. Methods other than GET and POST need the consent of the target (CORS) and are left out. Before that, a request without a credential: where no challenge asks a browser for the password, the check is not applicable.",
    matters: "A browser keeps a password that was typed once and adds it to requests that other sites make it send; SameSite is about cookies alone.",
    fix: "Compare Origin or Sec-Fetch-Site with the own site in each request that changes state, or ask for a CSRF token; refuse JSON that comes as text/plain.",
};

/// Whether an answer asks for the credential, and the writes.
const OF_PASSWORDS: [Step; 5] =
    [send(Who::Anonymous, On::Protected).id(ASKED), WRITTEN, SENT, SENT_AS_FORM, SENT_AS_TEXT];

const ASKED: StepId = StepId::new("asked");
const FOREIGN: StepId = StepId::new("foreign");
const AS_FORM: StepId = StepId::new("foreign-form");
const TEXT: StepId = StepId::new("foreign-text");

/// A write of the site itself, ...
pub(crate) const WRITTEN: Step = send(Who::Good, On::Writable).granted().called("a write");
/// ... each one of a page of another site, ...
pub(crate) const SENT: Step =
    send(Who::OfForeignPage, On::EachWrite).with(FOREIGN_PAGE).id(FOREIGN).called("a write of a page of another site");
/// ... the same with the members of its JSON as the fields of a form, ...
pub(crate) const SENT_AS_FORM: Step = send(Who::OfForeignPage, On::EachWrite)
    .with(FOREIGN_FORM)
    .id(AS_FORM)
    .called("a write of a page of another site, as a form")
    .if_given();
/// ... and with a body of another media type that needs no consent of the target.
pub(crate) const SENT_AS_TEXT: Step = send(Who::OfForeignPage, On::EachWrite)
    .with(FOREIGN_TEXT)
    .id(TEXT)
    .called("a write of a page of another site, as text/plain");

/// What a browser says of a request that a page of another site makes it send.
const FOREIGN_PAGE: &[Alter] = &[
    Alter::OfForm,
    Alter::Replaced("Origin", Fill::Text(FOREIGN_ORIGIN)),
    Alter::Replaced("Sec-Fetch-Site", Fill::Text("cross-site")),
];
const FOREIGN_FORM: &[Alter] = &[
    Alter::OfForm,
    Alter::Replaced("Origin", Fill::Text(FOREIGN_ORIGIN)),
    Alter::Replaced("Sec-Fetch-Site", Fill::Text("cross-site")),
    Alter::AsForm,
];
const FOREIGN_TEXT: &[Alter] = &[
    Alter::OfForm,
    Alter::Replaced("Origin", Fill::Text(FOREIGN_ORIGIN)),
    Alter::Replaced("Sec-Fetch-Site", Fill::Text("cross-site")),
    Alter::Replaced("Content-Type", Fill::Text("text/plain")),
];

/// Media types of bodies that a page sends to other sites without their consent (Fetch, "CORS-safelisted request-header").
const OF_FORMS: [&[u8]; 3] = [b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain"];

/// Why nothing comes from other sites.
pub(crate) const STAYS_AT_HOME: &str =
    "the cookie has SameSite=Lax or Strict: pages of other sites do not send it along";

/// Which requests of pages of other sites have the credential with them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Links and forms.
    Forms,
    /// Links alone, which are GET (SameSite=Lax).
    Links,
    /// None (SameSite=Strict).
    Nothing,
}

/// A browser that was never asked for a password has none that it could add.
fn of_challenged(case: &ObservedCheck<'_>, scheme: &str) -> Judgement {
    let asks = |(_, response)| challenges::of(response).iter().any(|challenge| challenge.scheme == scheme);
    if case.answers_of(ASKED).any(asks) {
        return judged(case, Reach::Forms);
    }
    let mut judgement = expect::wants(case);
    // without an answer nobody knows whether it asks
    if case.answers_of(ASKED).next().is_some() {
        judgement.not_applicable = Some("no challenge asks a browser for this password".to_owned());
    }
    judgement
}

/// No write that a page of another site can make a browser send has succeeded.
pub(crate) fn judged(case: &ObservedCheck<'_>, reach: Reach) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut can_be_sent = false;
    let writes = [FOREIGN, AS_FORM, TEXT].into_iter().flat_map(|step| case.observations_of(step));
    for (index, seen) in writes {
        let request = &seen.exchange.request;
        let media = media_type_of(request.value_of("content-type"));
        let needs_no_consent = request.body.is_empty() || OF_FORMS.iter().any(|form| media.eq_ignore_ascii_case(form));
        let is_sent = match request.method.as_str() {
            "GET" => reach != Reach::Nothing,
            "POST" => reach == Reach::Forms && needs_no_consent,
            _ => false,
        };
        if !is_sent {
            continue;
        }
        can_be_sent = true;
        match seen.outcome {
            Outcome::Granted => {
                judgement.violates(index, case.about(index, "the write was accepted"), "a refusal, such as 403");
            }
            // a form where JSON is read: what becomes of it is for another check to say
            Outcome::Broke if case.step_of(seen).step_id() == Some(AS_FORM) => {}
            _ => case.judge_as(index, Want::Denied(ANY_REFUSAL), &mut judgement),
        }
    }
    if !can_be_sent {
        let why = match reach {
            Reach::Forms => {
                "no page of another site can make a browser send such a write without the consent of the target"
            }
            Reach::Links | Reach::Nothing => STAYS_AT_HOME,
        };
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

/// Which refusal is right depends on what it is that is missed.
const ANY_REFUSAL: &[Accept] = &[Accept::Range(400, 499)];
