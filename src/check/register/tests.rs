//! What answers to registrations amount to.

use serde_json::{Value, json};

use crate::check::profile::Effective;
use crate::check::step::{MetadataDocument, Step};
use crate::check::{Judgement, ObservedCheck, Severity, find};
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request, Response, Silence, meaning_of_status};

const ACCEPTED: &str = r#"{"client_id":"c-1","redirect_uris":["https://client.example/callback"]}"#;
const REFUSED: &str = r#"{"error":"invalid_redirect_uri"}"#;

type Answer<'a> = (u16, &'a str);

fn seen(step: usize, request: &str, (status, body): Answer<'_>) -> Observation {
    let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
    let answer = Response { status, headers, body: body.as_bytes().to_vec(), truncated: false };
    let request = Request::new("POST", "/clients").with_body("application/json", request);
    let outcome = match status {
        200..=299 if body.contains(r#""client_id":""#) || step == 0 => Outcome::Granted,
        status => meaning_of_status(status),
    };
    let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
    let reproduced = outcome == Outcome::Broke;
    Observation { place: Place::Metadata, reproduced, ..Observation::in_test(step, exchange, outcome) }
}

/// What a check says of a server with these metadata that answers a good registration so, and others in this way, each with what
/// was asked for.
fn judged(id: &str, metadata: &Value, good: Option<Answer<'_>>, others: &[Answer<'_>]) -> Judgement {
    let check = find(id).expect("is in the catalogue");
    let mut evidence = Evidence::default();
    evidence.observe(seen(0, "", (200, &metadata.to_string())));
    if let Some(good) = good {
        evidence.observe(seen(1, "{}", good));
        for (at, answer) in others.iter().enumerate() {
            let Step::Fetch(fetch) = &check.steps[at + 2] else { panic!("{id} fetches") };
            let MetadataDocument::Registration(registration) = fetch.document else { panic!("{id} registers") };
            evidence.observe(seen(at + 2, &registration.body(metadata), *answer));
        }
    }
    let profile = Effective::of(["strict-rfc"], "bearer");
    (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile })
}

fn metadata() -> Value {
    json!({ "issuer": "https://a.example", "registration_endpoint": "https://a.example/clients" })
}

const ALL: [(&str, usize); 6] = [
    ("register.answer-complete", 0),
    ("register.redirect-uris-validated", 5),
    ("register.redirect-uris-required", 2),
    ("register.error-body", 2),
    ("register.malformed-never-5xx", 9),
    ("register.unknown-metadata-ignored", 1),
];

#[test]
fn nothing_is_said_of_servers_that_register_nobody() {
    for (id, probes) in ALL {
        let others = vec![(400, REFUSED); probes];
        let nothing = |metadata: &Value, good| {
            let judgement = judged(id, metadata, good, &others);
            assert!(judgement.access.is_empty() && judgement.protocol.is_empty(), "{id}: {judgement:?}");
            (judgement.not_applicable, judgement.open)
        };
        for (metadata, good, expected) in [
            (metadata(), Some((401, "")), "initial access token"),
            (metadata(), Some((403, "")), "initial access token"),
            (metadata(), Some((400, REFUSED)), "is refused (invalid_redirect_uri)"),
        ] {
            let (why, open) = nothing(&metadata, good);
            assert!(why.as_ref().is_some_and(|why| why.contains(expected)), "{id} {expected}: {why:?}");
            assert!(open.is_empty(), "{id} {open:?}");
        }
        for status in [404, 429, 503, 302] {
            let (why, open) = nothing(&metadata(), Some((status, "")));
            assert!(why.is_none() && open.len() == 1, "{id} {status}: {why:?} {open:?}");
        }
    }
}

#[test]
fn a_server_that_does_all_of_it_has_no_finding() {
    for (id, probes) in ALL {
        let other = if id == "register.unknown-metadata-ignored" { (201, ACCEPTED) } else { (400, REFUSED) };
        let judgement = judged(id, &metadata(), Some((201, ACCEPTED)), &vec![other; probes]);
        let Judgement { access, protocol, advice, open, not_applicable, .. } = judgement;
        assert!(access.is_empty() && protocol.is_empty() && advice.is_empty(), "{id}: {access:?} {protocol:?}");
        assert!(open.is_empty() && not_applicable.is_none(), "{id}: {open:?} {not_applicable:?}");
    }
}

#[test]
fn the_answer_to_a_registration_has_what_a_client_needs() {
    const SECRET: &str = r#"{"client_id":"a","redirect_uris":[],"client_secret":"s-1"}"#;
    const WITH_END: &str = r#"{"client_id":"a","redirect_uris":[],"client_secret":"s-1","client_secret_expires_at":0}"#;
    for (answer, deviations) in [
        ((201, ACCEPTED), 0),
        ((201, WITH_END), 0),
        ((201, SECRET), 1),
        ((200, ACCEPTED), 1),
        ((201, r#"{"client_id":"a"}"#), 1),
        ((201, r#"{"redirect_uris":[]}"#), 1),
        ((201, r#"{"redirect_uris":[],"client_id":7}"#), 1),
        ((201, "created"), 1),
        ((500, ""), 1),
    ] {
        let judgement = judged("register.answer-complete", &metadata(), Some(answer), &[]);
        assert_eq!(judgement.protocol.len(), deviations, "{answer:?}: {:?}", judgement.protocol);
    }
}

#[test]
fn the_severity_follows_the_uri_that_was_accepted() {
    const URIS: [&str; 5] = [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://client.example/callback#part",
        "/callback",
        "http://client.example/callback",
    ];
    let with = |uri: &str| json!({ "client_id": "a", "redirect_uris": [uri] }).to_string();
    for (accepted, expected) in [
        (&[0][..], Severity::High),
        (&[1], Severity::High),
        (&[2], Severity::Medium),
        (&[3], Severity::Medium),
        (&[4], Severity::Low),
        (&[3, 4], Severity::Medium),
        (&[0, 4], Severity::High),
    ] {
        let bodies: Vec<String> = URIS.iter().map(|uri| with(uri)).collect();
        let answer = |at| if accepted.contains(&at) { (201, bodies[at].as_str()) } else { (400, REFUSED) };
        let others: Vec<Answer<'_>> = (0..5).map(answer).collect();
        let judgement = judged("register.redirect-uris-validated", &metadata(), Some((201, ACCEPTED)), &others);
        assert_eq!((judgement.access.len(), judgement.at_most), (accepted.len(), Some(expected)), "{accepted:?}");
    }
}

#[test]
fn what_a_server_replaces_is_not_accepted() {
    const ID: &str = "register.redirect-uris-validated";
    for (answer, open) in [
        ((201, r#"{"client_id":"a","redirect_uris":[]}"#), 0),
        ((201, r#"{"client_id":"a","redirect_uris":["https://client.example/other"]}"#), 0),
        ((201, r#"{"client_id":"a"}"#), 1),
        ((429, ""), 1),
        ((201, "created"), 1),
    ] {
        let others = [answer, (400, REFUSED), (400, REFUSED), (400, REFUSED), (400, REFUSED)];
        let judgement = judged(ID, &metadata(), Some((201, ACCEPTED)), &others);
        assert_eq!((judgement.access.len(), judgement.open.len()), (0, open), "{answer:?} {:?}", judgement.open);
    }
}

#[test]
fn a_client_without_uris_is_one_of_a_grant_with_redirection() {
    const ID: &str = "register.redirect-uris-required";
    for (answer, access) in [
        ((201, r#"{"client_id":"a"}"#), 1),
        ((201, r#"{"client_id":"a","redirect_uris":[]}"#), 1),
        ((201, r#"{"client_id":"a","grant_types":["authorization_code"]}"#), 1),
        ((201, r#"{"client_id":"a","grant_types":["client_credentials"]}"#), 0),
        ((201, r#"{"client_id":"a","redirect_uris":["https://client.example/default"]}"#), 0),
    ] {
        let judgement = judged(ID, &metadata(), Some((201, ACCEPTED)), &[answer, (400, REFUSED)]);
        assert_eq!(judgement.access.len(), access, "{answer:?}");
    }
    let mut pushed = metadata();
    pushed["pushed_authorization_request_endpoint"] = "https://a.example/par".into();
    let judgement = judged(ID, &pushed, Some((201, ACCEPTED)), &[(201, ACCEPTED), (201, ACCEPTED)]);
    assert!(judgement.not_applicable.is_some_and(|why| why.contains("RFC 9126")));
}

#[test]
fn refusals_are_read_and_breakage_is_found() {
    for (id, answer, (protocol, open)) in [
        ("register.error-body", (400, "refused"), (1, 0)),
        ("register.error-body", (400, r#"{"error":"invalid_client_metadata"}"#), (0, 0)),
        ("register.error-body", (422, REFUSED), (1, 0)),
        ("register.error-body", (422, r#"{"detail":[]}"#), (2, 0)),
        ("register.error-body", (500, ""), (0, 1)),
        ("register.malformed-never-5xx", (500, ""), (1, 0)),
        ("register.malformed-never-5xx", (201, ACCEPTED), (0, 0)),
        ("register.malformed-never-5xx", (200, "{}"), (0, 0)),
        ("register.malformed-never-5xx", (429, ""), (0, 1)),
        ("register.unknown-metadata-ignored", (400, REFUSED), (1, 0)),
        ("register.unknown-metadata-ignored", (500, ""), (1, 0)),
        ("register.unknown-metadata-ignored", (429, ""), (0, 1)),
    ] {
        let judgement = judged(id, &metadata(), Some((201, ACCEPTED)), &[answer]);
        assert_eq!((judgement.protocol.len(), judgement.open.len()), (protocol, open), "{id} {answer:?}");
        assert!(judgement.access.is_empty(), "{id} {answer:?}");
    }
}

#[test]
fn where_nothing_is_refused_no_refusal_is_read() {
    let all = [(201, ACCEPTED), (201, ACCEPTED)];
    let judgement = judged("register.error-body", &metadata(), Some((201, ACCEPTED)), &all);
    assert!(judgement.not_applicable.is_some() && judgement.protocol.is_empty());
}
