//! No check of the catalogue passes where one of its answers is missing, or is neither a grant nor a refusal.

use std::time::Duration;

use super::cause::FailedCheck;
use super::{Context, judge};
use crate::check::profile::Effective;
use crate::check::step::{Endpoint, Send, Step, Want, Who};
use crate::check::{Check, Level, Verdict, catalogue, find};
use crate::event::{CheckResult, SourcePlace};
use crate::observe::{
    ControlRun, Description, Evidence, Exchange, ForgeryId, Observation, Outcome, Place, Request, Response, Silence,
};
use crate::plan::{PlannedCheck, Script};
use crate::secret::Scrubber;

fn answered(status: u16, outcome: Outcome) -> (Exchange, Outcome) {
    let mut headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
    if status == 401 {
        headers.push(("WWW-Authenticate".to_owned(), b"Bearer realm=\"a\", error=\"invalid_token\"".to_vec()));
    }
    let response = Response { status, headers, body: b"{}".to_vec(), truncated: false };
    let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
    (Exchange { answer: Ok(response), ..unanswered }, outcome)
}

fn silent() -> (Exchange, Outcome) {
    (Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut), Outcome::Silent)
}

/// The forgeries that a step sends, one observation each.
fn forgeries(step: &Step) -> Vec<Option<ForgeryId>> {
    match step {
        Step::Send(Send { who: Who::Forged(id), .. }) => vec![Some(*id)],
        Step::Send(Send { who: Who::EachForged(ids), .. }) => ids.iter().map(Some).collect(),
        _ => vec![None],
    }
}

/// Where a step asks.
fn place(step: &Step) -> Place {
    match step {
        Step::Form(form) => match form.endpoint {
            Endpoint::Token | Endpoint::TokenAlias => Place::Token,
            Endpoint::Introspection => Place::Introspection,
            Endpoint::Revocation => Place::Revocation,
        },
        Step::Fetch(_) => Place::Metadata,
        Step::Session(_) => Place::Login,
        _ => Place::Resource(0),
    }
}

/// What a check sees of a target that behaves, but for one step.
fn but_for(check: &Check, odd: usize, answer: &(Exchange, Outcome)) -> Evidence {
    let mut evidence = Evidence::default();
    let control = |closing| {
        let (exchange, outcome) = answered(200, Outcome::Granted);
        ControlRun {
            description: Description::new("a control"),
            credential: None,
            closing,
            exchange,
            outcome,
            was_accepted: false,
        }
    };
    evidence.control(control(false));
    for (at, step) in check.steps.iter().enumerate() {
        if !matches!(step, Step::Send(_) | Step::Form(_) | Step::Session(_) | Step::Fetch(_)) {
            continue;
        }
        for forgery in forgeries(step) {
            let (exchange, outcome) = match step.wanted() {
                _ if at == odd => answer.clone(),
                Want::Granted => answered(200, Outcome::Granted),
                Want::Denied(_) | Want::Either => answered(401, Outcome::Refused),
            };
            let seen = Observation::in_test(at, exchange, outcome);
            evidence.observe(Observation { forgery, place: place(step), ..seen });
        }
    }
    evidence.control(control(true));
    evidence
}

fn verdict(check: &'static Check, evidence: &Evidence) -> Verdict {
    result(check, evidence).verdict
}

fn result(check: &'static Check, evidence: &Evidence) -> CheckResult {
    result_at(check.level, check, evidence)
}

fn result_at(level: Level, check: &'static Check, evidence: &Evidence) -> CheckResult {
    let planned = PlannedCheck { check, level, script: Ok(Script::default()) };
    let context = Context {
        profile: &Effective::of(["api-key-403"], "api-key"),
        scrubber: &Scrubber::default(),
        place: SourcePlace::default(),
        took: Duration::ZERO,
        resources: &[],
        exchanges: true,
    };
    judge(&planned, evidence, &context)
}

fn passes(steps: impl Fn(&Step) -> bool, answer: &(Exchange, Outcome)) -> Vec<String> {
    let mut passed = Vec::new();
    for check in catalogue() {
        for (at, step) in check.steps.iter().enumerate().filter(|(_, step)| steps(step)) {
            if verdict(check, &but_for(check, at, answer)) == Verdict::Pass {
                passed.push(format!("{} step {at}: {:?}", check.id, step.step_id()));
            }
        }
    }
    passed
}

#[test]
fn a_good_request_that_is_refused_at_the_start_or_behind_an_outage_proves_nothing() {
    for (id, was_interrupted, expected) in [
        ("common.single-fields-once", false, Verdict::Inconclusive),
        ("common.oversized-answered", true, Verdict::Inconclusive),
        // what was done before may have ended the token
        ("revoke.client-auth-required", false, Verdict::Fail),
        ("revoke.client-auth-required", true, Verdict::Inconclusive),
    ] {
        let check = find(id).expect("is a check");
        let is_good = |step: &Step| matches!(step, Step::Send(_)) && matches!(step.wanted(), Want::Granted);
        let good = check.steps.iter().rposition(is_good).expect("a good request");
        let refused = Evidence { was_interrupted, ..but_for(check, good, &answered(401, Outcome::Refused)) };
        assert_eq!(verdict(check, &refused), expected, "{id}");
    }
}

#[test]
fn a_missing_answer_is_never_a_pass() {
    let sends = |step: &Step| matches!(step, Step::Send(_) | Step::Form(_) | Step::Session(_));
    assert_eq!(passes(sends, &silent()), Vec::<String>::new());
}

#[test]
fn an_unclear_answer_to_a_forgery_or_a_form_is_never_a_pass() {
    let forged = |step: &Step| forgeries(step).iter().any(Option::is_some) || matches!(step, Step::Form(_));
    let mut passed = passes(forged, &answered(200, Outcome::Unclear));
    // what these read are header fields, and whether a target breaks: any answer says that, whatever it means
    for reads_less in
        ["token.cors-credentials-not-open ", "token.malformed-never-5xx ", "jwt.unusual-claims-never-5xx "]
    {
        passed.retain(|step| !step.starts_with(reads_less));
    }
    assert_eq!(passed, Vec::<String>::new());
}

#[test]
fn a_warning_does_not_hide_that_another_answer_says_nothing() {
    let check = find("common.protected-route-denies-anonymous").expect("is a check");
    let seen = |(exchange, outcome)| Observation { reproduced: true, ..Observation::in_test(0, exchange, outcome) };
    let [unclear, breaks, granted] = [(200, Outcome::Unclear), (500, Outcome::Broke), (200, Outcome::Granted)]
        .map(|(status, outcome)| seen(answered(status, outcome)));
    for (level, observations, expected, warnings) in [
        (Level::Should, vec![&breaks, &unclear], Verdict::Inconclusive, 1),
        (Level::Should, vec![&breaks], Verdict::Warn, 1),
        (Level::Should, vec![&unclear], Verdict::Inconclusive, 0),
        (Level::Must, vec![&breaks, &unclear], Verdict::Fail, 0),
        (Level::Should, vec![&breaks, &unclear, &granted], Verdict::Fail, 1),
    ] {
        let mut evidence = Evidence::default();
        observations.into_iter().for_each(|one| evidence.observe(one.clone()));
        let result = result_at(level, check, &evidence);
        let of_warnings = result.cells.iter().filter(|cell| cell.verdict == Verdict::Warn).count();
        assert_eq!((result.verdict, of_warnings), (expected, warnings), "{} {:?}", result.summary, result.cells);
        assert_eq!(result.has_finding(), warnings > 0 || expected == Verdict::Fail, "{}", result.summary);
        assert_eq!(FailedCheck::of(&result).is_some(), result.has_finding(), "{}", result.summary);
    }
}

#[test]
fn what_other_checks_have_seen_stands_beside_a_control_that_breaks() {
    let check = find("common.401-carries-challenge").expect("is a check");
    let back = check.steps.iter().position(|step| matches!(step, Step::LookBack(_))).expect("looks back");
    let bare = {
        let (mut exchange, outcome) = answered(401, Outcome::Refused);
        exchange.answer.as_mut().expect("an answer").headers.clear();
        (exchange, outcome)
    };
    let control = |outcome| ControlRun {
        description: Description::new("a control"),
        credential: None,
        closing: true,
        exchange: answered(200, outcome).0,
        outcome,
        was_accepted: false,
    };
    for (step, last, expected, cells) in [
        (back, Outcome::Granted, Verdict::Fail, 1),
        (back, Outcome::Broke, Verdict::Fail, 1),
        (0, Outcome::Granted, Verdict::Fail, 1),
        (0, Outcome::Broke, Verdict::Inconclusive, 0),
    ] {
        let mut evidence = but_for(check, check.steps.len(), &silent());
        evidence.observe(Observation::in_test(step, bare.0.clone(), bare.1));
        evidence.control(control(last));
        let result = result(check, &evidence);
        assert_eq!((result.verdict, result.cells.len()), (expected, cells), "{step} {last:?}: {}", result.summary);
    }
    // what says nothing about a credential, such as a busy server, leaves nothing open for a check that looks back
    let mut evidence = but_for(check, check.steps.len(), &silent());
    let (mut busy, _) = answered(503, Outcome::Refused);
    busy.answer.as_mut().expect("an answer").headers.clear();
    evidence.observe(Observation::in_test(back, busy, Outcome::Refused));
    assert_eq!(result(check, &evidence).verdict, Verdict::Pass);
    // where nothing was sent, and nothing was seen, nothing passes
    let mut evidence = Evidence::default();
    evidence.control(control(Outcome::Unclear));
    assert_eq!(result(check, &evidence).verdict, Verdict::Inconclusive);
}

#[test]
fn advice_cites_the_clause_that_gives_it() {
    let check = find("common.405-names-methods").expect("is in the catalogue");
    let propfind = |status, outcome| {
        let (mut exchange, outcome) = answered(status, outcome);
        exchange.request.method = "PROPFIND".to_owned();
        (exchange, outcome)
    };
    for (answer, level, cited) in [
        (propfind(200, Outcome::Granted), Level::Should, "RFC 9110 §9.1"),
        (propfind(405, Outcome::Refused), Level::Must, "RFC 9110 §15.5.6"),
    ] {
        let result = result(check, &but_for(check, 1, &answer));
        assert_eq!((result.level, &*result.citations[0].source), (level, cited), "{}", result.summary);
    }
}

#[test]
fn a_control_without_a_credential_names_the_cause() {
    let check = find("common.405-names-methods").expect("is in the catalogue");
    let silence = Silence::NoCredential("the login failed: the answer is 429".to_owned());
    let exchange = Exchange::unanswered(Request::new("POST", "token endpoint"), silence);
    let mut evidence = but_for(check, 1, &answered(405, Outcome::Refused));
    let description = Description::new("a control");
    evidence.control(ControlRun {
        description,
        credential: None,
        closing: true,
        exchange,
        outcome: Outcome::Silent,
        was_accepted: false,
    });
    let expected = "the control after the probes failed: a control: not sent: no credential was obtained: the login failed: the answer is 429";
    assert_eq!(result(check, &evidence).summary, expected);
}

#[test]
fn a_control_that_fails_says_where_it_was_led_and_what_to_do() {
    let check = find("common.405-names-methods").expect("is in the catalogue");
    for (status, location, expected) in [
        (302, "/login?next=%2Fa#top", "the control before the probes failed: a control: unclear 302 to /login"),
        (302, "", "the control before the probes failed: a control: unclear 302"),
        (200, "/login", "the control before the probes failed: a control: unclear 200"),
        (
            429,
            "",
            "the control before the probes failed: a control: unclear 429; the target wants fewer requests: raise its limits for \
             tests, or send slower (`--rate-limit`)",
        ),
    ] {
        let (mut exchange, outcome) = answered(status, Outcome::Unclear);
        let answer = exchange.answer.as_mut().expect("is there");
        let location = (!location.is_empty()).then(|| ("Location".to_owned(), location.as_bytes().to_vec()));
        answer.headers.extend(location);
        let mut evidence = but_for(check, 1, &answered(405, Outcome::Refused));
        let description = Description::new("a control");
        let control =
            ControlRun { description, credential: None, closing: false, exchange, outcome, was_accepted: false };
        evidence.control(control);
        assert_eq!(result(check, &evidence).summary, expected);
    }
}
