//! From evidence to the verdict of a check.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cell::SeenCheck;
use super::shown::{Shown, record};
use crate::check::profile::Effective;
use crate::check::step::{Class, Hook, Step, Want};
use crate::check::{Check, Deviation, Explanation, Judgement, Level, ObservedCheck, Severity, Verdict, url_of};
use crate::event::{Cell, CheckResult, Cited, Help, Part, SourcePlace};
use crate::observe::{ControlRun, Evidence, Exchange, FixedTexts, Observation, Outcome, Silence, without_signatures};
use crate::plan::PlannedCheck;
use crate::plan::subject::Resource;
use crate::secret::Scrubber;

/// What a verdict needs beside the evidence.
#[derive(Debug)]
pub struct Context<'a> {
    /// The profile, resolved for the scheme under test.
    pub profile: &'a Effective,
    /// Removes every known secret from what is recorded.
    pub scrubber: &'a Scrubber,
    /// Where the scenario asks for the check.
    pub place: SourcePlace,
    /// How long it took.
    pub took: Duration,
    /// The resources of the target, as observations name them by index.
    pub resources: &'a [Resource],
    /// Whether the exchanges are recorded, masked.
    pub exchanges: bool,
}

/// The result of a check that was not executed.
pub fn not_tested(planned: &PlannedCheck, why: &str, context: &Context<'_>) -> CheckResult {
    CheckResult { summary: why.to_owned(), ..blank(planned, Verdict::NotTested, context) }
}

/// The result of a check that came to nothing, for this reason.
pub fn inconclusive(planned: &PlannedCheck, why: &str, context: &Context<'_>) -> CheckResult {
    CheckResult { summary: why.to_owned(), ..blank(planned, Verdict::Inconclusive, context) }
}

/// The result of a check that was executed.
pub fn judge(planned: &PlannedCheck, evidence: &Evidence, context: &Context<'_>) -> CheckResult {
    let mut scrubber = context.scrubber.clone();
    for secret in evidence.sent_secrets.iter().filter(|secret| !scrubber.spares(secret.expose())).collect::<Vec<_>>() {
        scrubber.add(secret.expose().as_bytes());
    }
    let controls = evidence.controls.iter().map(|run| &run.exchange);
    let observed = evidence.observations.iter().map(|seen| &seen.exchange);
    controls.chain(observed).for_each(|exchange| exchange.teach(&mut scrubber));
    let fails = planned.level == Level::Must && context.profile.protocol_fails();
    let protocol = if fails { Verdict::Fail } else { Verdict::Warn };
    let seen_by = SeenCheck { check: planned.check, protocol, evidence, resources: context.resources };
    let finding = find(seen_by, context.profile);
    let fixed = FixedTexts::of(evidence.observations.iter().map(|seen| &seen.description));
    let clean = |text: &str| without_signatures(&fixed.scrub(text, &scrubber)).into_owned();
    let recorded = || record(evidence, finding.shown_by, &scrubber);
    let (records, shown_by) = if context.exchanges { recorded() } else { (Vec::new(), None) };
    let deviations = finding.deviations.iter().map(|line| clean(line));
    let citations = cited(planned, &finding, context.profile);
    CheckResult {
        severity: finding.severity(planned.check),
        part: finding.part,
        summary: clean(&finding.summary),
        expected: clean(&finding.expected),
        seen: finding
            .shown_by
            .map(|shown| scrubber.scrub(&seen(shown.exchange(evidence), shown.outcome(evidence))))
            .unwrap_or_default(),
        deviations: deviations.collect(),
        shown_by,
        needs_review: finding.needs_review,
        statuses: finding.statuses,
        cells: finding.cells.into_iter().map(|cell| scrubbed(cell, clean)).collect(),
        evidence: records,
        citations,
        level: match finding.part {
            // that access was granted is judged by the check's own clauses, whatever a profile demands beside them
            Some(Part::Access) => planned.check.level,
            _ if finding.of_status || finding.advised_by.is_some() => Level::Should,
            _ => planned.level,
        },
        ..blank(planned, finding.verdict, context)
    }
}

/// What a server says may repeat what was sent.
fn scrubbed(cell: Cell, clean: impl Fn(&str) -> String) -> Cell {
    let further = cell.further.iter().map(|line| clean(line)).collect();
    let (endpoint, summary) = (clean(&cell.endpoint), clean(&cell.summary));
    Cell { endpoint, summary, further, ..cell }
}

/// What RFC 9110 says of the status that refuses a credential: SHOULD.
const STATUS_CLAUSE: &str = "RFC 9110 §11.4";

/// What a verdict cites: the profile alone where nothing but that asks for what was not there, the profile first where it makes
/// the clauses of the check stronger than they are, else those clauses.
fn cited(planned: &PlannedCheck, finding: &Finding, profile: &Effective) -> Vec<Cited> {
    let check = planned.check;
    let of_profile = |name: &str| Cited { source: format!("profile {name}"), url: None };
    let deviates = finding.part == Some(Part::Protocol);
    let raised = profile.level_by(check.id).filter(|(level, _)| deviates && *level < check.level);
    if finding.of_status && finding.by_profile.is_none() {
        let source = STATUS_CLAUSE.to_owned();
        return vec![Cited { url: url_of(&source), source }];
    }
    if let Some(first) = finding.advised_by {
        let of_clause = std::iter::once(Cited { source: first.to_owned(), url: url_of(first) });
        return of_clause.chain(clauses(check).filter(|cited| cited.source != first)).collect();
    }
    match (finding.by_profile, raised) {
        (Some(name), _) => vec![of_profile(name)],
        (None, Some((_, name))) => std::iter::once(of_profile(name)).chain(clauses(check)).collect(),
        (None, None) => clauses(check).collect(),
    }
}

fn clauses(check: &Check) -> impl Iterator<Item = Cited> {
    check.sources.iter().map(|source| Cited { source: (*source).to_owned(), url: url_of(source) })
}

fn blank(planned: &PlannedCheck, verdict: Verdict, context: &Context<'_>) -> CheckResult {
    let check = planned.check;
    let (sends, matters, fix) = (check.doc.sends.to_owned(), check.doc.matters.to_owned(), check.doc.fix.to_owned());
    CheckResult {
        id: check.id.to_owned(),
        title: check.title.to_owned(),
        group: check.group().to_owned(),
        verdict,
        waived: None,
        level: planned.level,
        severity: check.severity,
        part: None,
        citations: clauses(check).collect(),
        help: Some(Help { sends, matters, fix }),
        place: context.place.clone(),
        summary: String::new(),
        expected: String::new(),
        seen: String::new(),
        deviations: Vec::new(),
        shown_by: None,
        replay: Vec::new(),
        needs_review: false,
        statuses: Vec::new(),
        cells: Vec::new(),
        evidence: Vec::new(),
        took_ms: context.took.as_secs_f64() * 1000.0,
    }
}

/// A verdict with its reasons.
struct Finding {
    verdict: Verdict,
    part: Option<Part>,
    summary: String,
    expected: String,
    deviations: Vec<String>,
    shown_by: Option<Shown>,
    needs_review: bool,
    statuses: Vec<u16>,
    cells: Vec<Cell>,
    /// The profile that asks for what was not there, where no RFC does.
    by_profile: Option<&'static str>,
    /// Whether nothing but a status deviates, which the clauses of the check say nothing of.
    of_status: bool,
    /// The clause that recommends what was not there, where nothing else deviates.
    advised_by: Option<&'static str>,
    /// The highest severity of what was found, where it is less than that of the check.
    at_most: Option<Severity>,
}

impl Finding {
    fn plain(verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            verdict,
            part: None,
            summary: summary.into(),
            expected: String::new(),
            deviations: Vec::new(),
            shown_by: None,
            needs_review: false,
            statuses: Vec::new(),
            cells: Vec::new(),
            by_profile: None,
            of_status: false,
            advised_by: None,
            at_most: None,
        }
    }

    /// The same where another answer says nothing: that one may be worse than what deviates. The cells keep their own verdicts.
    fn beside_open(self, why: &str) -> Self {
        let others = self.deviations.iter().filter(|line| *line != why).cloned();
        let deviations = std::iter::once(why.to_owned()).chain(others).collect();
        Self {
            verdict: Verdict::Inconclusive,
            summary: why.to_owned(),
            expected: String::new(),
            deviations,
            shown_by: None,
            needs_review: false,
            ..self
        }
    }

    /// A protocol deviation is at most low, whatever the check guards.
    fn severity(&self, check: &Check) -> Severity {
        let own = self.at_most.map_or(check.severity, |most| check.severity.min(most));
        match self.part {
            Some(Part::Protocol) => own.min(Severity::Low),
            _ => own,
        }
    }
}

/// Decides in the order of certainty: what was not carried out, broken controls, access, protocol, open questions.
///
/// Access that was granted against the requirement stands even where a closing control broke: it was seen. Access that
/// was refused says nothing then: the control was refused too.
fn find(seen: SeenCheck<'_>, profile: &Effective) -> Finding {
    let SeenCheck { check, protocol, evidence, .. } = seen;
    if let Some(why) = &evidence.untestable {
        return Finding::plain(Verdict::NotTested, why);
    }
    if let Some(why) = &evidence.not_applicable {
        return Finding::plain(Verdict::NotApplicable, why);
    }
    let mut judgement = (check.expect)(&ObservedCheck { check, evidence, profile });
    if let Some(why) = &evidence.unproven {
        return Finding::plain(Verdict::Inconclusive, why);
    }
    if check.control && !judgement.open.is_empty() && judgement.access.is_empty() {
        // the control that never passes is the failure, whatever kept it from passing
        return unanswered_control(seen, &judgement);
    }
    let forgotten = forgotten(check, evidence);
    let unproved = unproved(check, evidence, forgotten);
    if unproved.is_some() {
        // what other checks have seen is no better for a control that breaks now
        let recalled = |at: usize| matches!(check.steps[evidence.observations[at].step], Step::LookBack(_));
        let stands = |at: usize| evidence.observations[at].outcome == Outcome::Granted || recalled(at);
        if evidence.broken_control().is_some() || forgotten.is_some() {
            judgement.access.retain(|deviation| stands(deviation.observation));
        }
        judgement.protocol.retain(|deviation| recalled(deviation.observation));
        judgement.advice.retain(|deviation| recalled(deviation.observation));
    }
    if !judgement.access.is_empty() {
        return violation(Verdict::Fail, Part::Access, &judgement.access, &judgement, seen);
    }
    if unproved.is_none()
        && let Some(why) = &judgement.not_applicable
    {
        return Finding::plain(Verdict::NotApplicable, why);
    }
    let deviates = |verdict, deviations: &[Deviation]| {
        if deviations.is_empty() {
            return None;
        }
        let own = |deviation: &Deviation| deviation.explanation == Explanation::Own;
        if profile.is_noise(check.id) && judgement.protocol.iter().chain(&judgement.advice).all(own) {
            let found = violation(Verdict::Info, Part::Protocol, deviations, &judgement, seen);
            return Some(Finding { part: None, cells: Vec::new(), needs_review: true, ..found });
        }
        let by_profile = named_by_the_profile(&judgement, evidence, (check, profile));
        let demanded = profile.level_by(check.id).is_some();
        let of_status = !demanded && check.level == Level::Must && is_of_status(&judgement);
        Some(Finding { by_profile, of_status, ..violation(verdict, Part::Protocol, deviations, &judgement, seen) })
    };
    let deviation = deviates(protocol, &judgement.protocol).or_else(|| deviates(Verdict::Warn, &judgement.advice));
    if let Some(unproved) = unproved {
        return match deviation {
            Some(found) if found.verdict == Verdict::Fail => found,
            Some(found) => found.beside_open(&unproved.summary),
            None => unproved,
        };
    }
    match (deviation, judgement.open.first()) {
        (Some(warning), Some(why)) if warning.verdict != Verdict::Fail => return warning.beside_open(why),
        (Some(deviation), _) => return deviation,
        (None, Some(why)) => {
            let mut finding = Finding::plain(Verdict::Inconclusive, why);
            finding.deviations = judgement.open.clone();
            return finding;
        }
        (None, None) => {}
    }
    if evidence.observations.is_empty() {
        return Finding::plain(Verdict::Inconclusive, "nothing was observed");
    }
    if let Some(first) = evidence.observations.first().filter(|_| !somebody_got_in(evidence)) {
        let answer = first.exchange.status().map_or("no answer".to_owned(), |status| format!("answered with {status}"));
        let why = format!(
            "nothing was accepted ({}: {answer}), and without that a refusal proves nothing",
            first.description
        );
        return Finding::plain(Verdict::Inconclusive, why);
    }
    if judgement.needs_review || !judgement.remarks.is_empty() {
        let verdict = if judgement.needs_review { Verdict::Info } else { Verdict::Pass };
        let mut finding = Finding::plain(verdict, judgement.remarks.join("; "));
        finding.needs_review = judgement.needs_review;
        return finding;
    }
    Finding::plain(Verdict::Pass, passed(evidence))
}

/// What keeps a check from proving anything by refusals, and from passing.
fn unproved(check: &Check, evidence: &Evidence, forgotten: Option<&Observation>) -> Option<Finding> {
    if let Some(refused) = forgotten {
        let what = &refused.description;
        let why = format!(
            "{what}: refused, and the target answered nobody for a time before, after which it may know no session"
        );
        return Some(Finding::plain(Verdict::Inconclusive, why));
    }
    if let Some(broken) = evidence.controls.iter().position(|control| control.outcome != Outcome::Granted) {
        return Some(broken_control(check, broken, &evidence.controls[broken]));
    }
    evidence.obstacle.as_ref().map(|why| Finding::plain(Verdict::Inconclusive, why))
}

/// A good request that was refused in a check during which the target answered nobody for a time.
fn forgotten<'a>(check: &Check, evidence: &'a Evidence) -> Option<&'a Observation> {
    let is_good = |seen: &&Observation| matches!(check.steps[seen.step].wanted(), Want::Granted);
    let mut refused = evidence.observations.iter().filter(|seen| seen.outcome == Outcome::Refused);
    evidence.was_interrupted.then(|| refused.find(is_good)).flatten()
}

/// Whether nothing but statuses deviates.
fn is_of_status(judgement: &Judgement) -> bool {
    let of_status = |deviation: &Deviation| {
        Class::ALL.into_iter().any(|class| Explanation::of_status(class) == deviation.explanation)
    };
    judgement.protocol.iter().chain(&judgement.advice).all(of_status)
}

/// The profile that alone asks for other statuses than those of the answers: what the RFCs take violates none of them.
fn named_by_the_profile(
    judgement: &Judgement,
    evidence: &Evidence,
    (check, profile): (&Check, &Effective),
) -> Option<&'static str> {
    let of_profile = |deviation: &Deviation| {
        let class = Class::ALL.into_iter().find(|class| Explanation::of_status(*class) == deviation.explanation);
        let status = evidence.observations[deviation.observation].exchange.status();
        class.zip(status).is_some_and(|(class, status)| profile.rfc_takes(class, status))
    };
    let all = judgement.protocol.iter().chain(&judgement.advice).all(of_profile);
    all.then(|| profile.level_by(check.id).map_or_else(|| profile.name(), |(_, name)| name))
}

/// Whether anything was accepted at all. Without it, an answer that lacks what must not be there may lack everything.
fn somebody_got_in(evidence: &Evidence) -> bool {
    let controls = evidence.controls.iter().map(|control| control.outcome);
    let probes = evidence.observations.iter().map(|observation| observation.outcome);
    controls.chain(probes).any(|outcome| outcome == Outcome::Granted)
}

fn passed(evidence: &Evidence) -> String {
    let probes = evidence.observations.len();
    let mut summary = if probes == 1 { "1 probe".to_owned() } else { format!("{probes} probes") };
    if !evidence.controls.is_empty() {
        summary.push_str(&format!(" between {} passing controls", evidence.controls.len()));
    }
    for (name, value) in &evidence.facts {
        summary.push_str(&format!(", {name} {value}"));
    }
    summary
}

fn violation(
    verdict: Verdict,
    part: Part,
    deviations: &[Deviation],
    judgement: &Judgement,
    seen: SeenCheck<'_>,
) -> Finding {
    let evidence = seen.evidence;
    let first = &deviations[0];
    let all = judgement.access.iter().chain(&judgement.protocol).chain(&judgement.advice);
    let status = |deviation: &Deviation| evidence.observations[deviation.observation].exchange.status();
    let statuses: BTreeSet<u16> = all.clone().filter_map(status).collect();
    let texts: Vec<&str> = all.clone().map(|deviation| deviation.text.as_str()).collect();
    // where several answers deviate alike, each says whose it is
    let told = |deviation: &Deviation| {
        let description = &evidence.observations[deviation.observation].description;
        let alike = texts.iter().filter(|text| **text == deviation.text).count() > 1;
        if alike && !deviation.described {
            format!("{description}: {}", deviation.text)
        } else {
            deviation.text.clone()
        }
    };
    let all = all.map(&told);
    Finding {
        verdict,
        part: Some(part),
        cells: seen.cells(judgement, &told),
        at_most: judgement.at_most,
        summary: told(first),
        expected: first.expected.clone(),
        deviations: all.chain(judgement.open.iter().cloned()).collect(),
        shown_by: Some(Shown::Observation(first.observation)),
        needs_review: false,
        statuses: statuses.into_iter().collect(),
        by_profile: None,
        of_status: false,
        advised_by: judgement.advised_by.filter(|_| judgement.access.is_empty() && judgement.protocol.is_empty()),
    }
}

fn unanswered_control(seen: SeenCheck<'_>, judgement: &Judgement) -> Finding {
    let evidence = seen.evidence;
    let mut finding = Finding::plain(Verdict::Fail, judgement.open[0].clone());
    finding.part = Some(Part::Access);
    finding.expected = "granted".to_owned();
    finding.shown_by = (!evidence.observations.is_empty()).then_some(Shown::Observation(0));
    if !evidence.observations.is_empty() {
        let mut refused = Judgement::default();
        refused.violates_by(Explanation::GoodRefused, 0, finding.summary.clone(), "granted");
        finding.cells = seen.cells(&refused, &|deviation| deviation.text.clone());
    }
    finding
}

fn broken_control(check: &Check, at: usize, control: &ControlRun) -> Finding {
    let error = control.exchange.response().and_then(|response| response.json_text("error"));
    if error.as_deref() == Some("unsupported_token_type") {
        // RFC 7009 §2.2.1: lawful, and a server that revokes nothing of a kind cannot do it wrongly
        let why = match check.group() {
            "introspect" => Some("the target does not introspect tokens of this kind (unsupported_token_type)"),
            "revoke" => Some("the target does not revoke tokens of this kind"),
            "meta" => Some("the target neither introspects nor revokes tokens of this kind"),
            _ => None,
        };
        if let Some(why) = why {
            return Finding::plain(Verdict::NotApplicable, why);
        }
    }
    let when = if control.closing { "after the probes" } else { "before the probes" };
    // without the time that it took: one cause has one text
    let answer = answered(&control.exchange, control.outcome);
    // what refuses a credential that it accepted before has often counted wrong ones
    let hooks = || check.steps.iter().filter_map(|step| if let Step::Hook(hook) = step { Some(*hook) } else { None });
    let changed = hooks().find_map(|hook| match hook {
        Hook::Rotate => Some("; it was accepted before: the hook `rotate` has not put it back"),
        Hook::Enable(_) => Some(
            "; it was accepted before: the hook `disable` has not enabled its account again, or the target has taken it back for good",
        ),
        Hook::Promote => Some("; it was accepted before: the hook `demote` has not given the right back"),
        _ => None,
    });
    let locked = match control.outcome {
        Outcome::Refused if control.was_accepted => changed
            .filter(|_| control.closing)
            .unwrap_or("; it was accepted before: the target may have locked it after wrong credentials"),
        Outcome::Unclear if control.exchange.status() == Some(429) => {
            "; the target wants fewer requests: raise its limits for tests, or send slower (`--rate-limit`)"
        }
        _ => "",
    };
    let to = match control.outcome {
        Outcome::Unclear => redirected(&control.exchange),
        _ => String::new(),
    };
    let text = format!("the control {when} failed: {}: {answer}{to}{locked}", control.description);
    let mut finding = Finding::plain(Verdict::Inconclusive, text);
    finding.expected = "granted".to_owned();
    finding.shown_by = Some(Shown::Control(at));
    finding
}

/// Where an answer redirects to, without query and fragment; empty where it does not.
fn redirected(exchange: &Exchange) -> String {
    let location = exchange.response().filter(|answer| (300..400).contains(&answer.status));
    let location = location.and_then(|answer| answer.header("location").map(|to| to.into_owned()));
    let place = location.as_deref().map(|to| to.split(['?', '#', ';']).next().unwrap_or_default());
    place.filter(|to| !to.is_empty()).map(|to| format!(" to {to}")).unwrap_or_default()
}

/// Outcome, status and time, for a reader.
pub(super) fn seen(exchange: &Exchange, outcome: Outcome) -> String {
    let answered = answered(exchange, outcome);
    if exchange.answer.is_ok() { format!("{answered} in {}", format_took(exchange.took)) } else { answered }
}

/// Outcome and status.
fn answered(exchange: &Exchange, outcome: Outcome) -> String {
    match &exchange.answer {
        Ok(response) => format!("{outcome} {}", response.status),
        // nobody was asked
        Err(silence @ Silence::NoCredential(_)) => silence.to_string(),
        Err(silence) => format!("{outcome}: {silence}"),
    }
}

fn format_took(took: Duration) -> String {
    let micros = took.as_secs_f64() * 1e6;
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::PROFILES;
    use crate::check::step::Want;
    use crate::check::{Mode, catalogue};
    use crate::observe::{Request, Response, Silence, StepId};
    use crate::plan::Script;

    /// What a check sees that is let in wherever it must be refused.
    fn let_in(check: &Check) -> Evidence {
        let denied = |step: &Step| matches!(step.wanted(), Want::Denied(_));
        let mut evidence = Evidence::default();
        // that a used refresh token is refused is a check of its own: others ask what comes after it
        let of_another = |step: &Step| step.step_id() == Some(StepId::new("reused")) && !check.implied_by.is_empty();
        for (step, _) in check.steps.iter().enumerate().filter(|(_, step)| denied(step) && !of_another(step)) {
            let response = Response { status: 200, headers: Vec::new(), body: Vec::new(), truncated: false };
            let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let exchange = Exchange { answer: Ok(response), ..unanswered };
            evidence.observations.push(Observation::in_test(step, exchange, Outcome::Granted));
        }
        evidence
    }

    #[test]
    fn access_fails_under_every_profile_and_at_every_level() {
        for check in catalogue() {
            let evidence = let_in(check);
            // an encoding that nobody announced is not to be held against a server; of sessions and tokens that a password
            // change, or a reset, leaves, users have to have the choice (ASVS 7.4.3); RFC 9700 §4.14.2 leaves open what becomes of access
            // tokens when a refresh token is used again, and RFC 6749 §4.1.2 only recommends that those of a used code end; a user
            // may have agreed to a scope that the scenario does not list; a token of which nothing shows that it is bound needs no
            // certificate, where nobody asks for a nonce none is missing, whose session it is shows where two users get
            // different answers, and where an account has lost a right shows a new login
            let may_be_granted = [
                "basic.utf8-credentials",
                "session.cookie-not-forgeable",
                "login.demoted-account-loses-right",
                "login.password-change-ends-sessions",
                "login.reset-ends-sessions",
                "refresh.reuse-ends-access-token",
                "code.reuse-ends-tokens",
                "code.scope-not-escalated",
                "refresh.password-change-ends-refresh-tokens",
                "mtls.bound-token-needs-certificate",
                "dpop.nonce-protocol",
            ];
            // what is granted has another cause than the time that a refusal takes
            let compares = check.mode == Mode::Statistical;
            if evidence.observations.is_empty() || may_be_granted.contains(&check.id) || compares {
                continue;
            }
            for profile in PROFILES {
                for level in [Level::Must, Level::Should, Level::May, Level::Practice] {
                    let planned = PlannedCheck { check, level, script: Ok(Script::default()) };
                    let context = Context {
                        profile: &Effective::of([profile.name], "api-key"),
                        scrubber: &Scrubber::default(),
                        place: SourcePlace::default(),
                        took: Duration::ZERO,
                        resources: &[],
                        exchanges: true,
                    };
                    let result = judge(&planned, &evidence, &context);
                    let id = check.id;
                    assert_eq!((result.verdict, result.part), (Verdict::Fail, Some(Part::Access)), "{id} {profile:?}");
                    assert_eq!(result.severity, check.severity, "{id} {profile:?}");
                    assert!(result.cells.iter().all(|cell| cell.verdict == Verdict::Fail), "{id} {:?}", result.cells);
                    assert!(!result.cells.is_empty(), "{id} names no place");
                }
            }
        }
    }
}
