//! Members of a body that a write is not for: whose the object is, and what its user may do.

use serde_json::{Map, Value};

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, On, Step, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity};
use crate::observe::{Observation, Outcome, StepId, WrittenObject};

/// The object before anything is written, ...
const FIRST: StepId = StepId::new("object-first");
/// ... the write as the scenario has it, ...
const PLAIN_WRITE: StepId = StepId::new("plain-write");
/// ... and the object after it, twice, for what changes by itself.
const BEFORE: StepId = StepId::new("object-before");
/// The write with one more member, ...
const ADDED: [StepId; 4] = [
    StepId::new("first-member-added"),
    StepId::new("second-member-added"),
    StepId::new("third-member-added"),
    StepId::new("fourth-member-added"),
];
/// ... and the object after it, twice.
const AFTER: [StepId; 4] = [
    StepId::new("object-after-first"),
    StepId::new("object-after-second"),
    StepId::new("object-after-third"),
    StepId::new("object-after-fourth"),
];

const fn read(id: StepId, called: &'static str) -> Step {
    send(Who::Writer, On::ReadObject).id(id).called(called)
}

const fn added(at: usize, alter: &'static [Alter]) -> Step {
    send(Who::Writer, On::WrittenObject).with(alter).id(ADDED[at]).called("with one more member")
}

const fn after(at: usize) -> Step {
    read(AFTER[at], "after the write with one more member").with(&[Alter::AfterMembers]).times(2)
}

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.protected-members-ignored",
    title: "A write changes no owner, tenant or right that it is not for",
    severity: Severity::High,
    remote_safe: false,
    sources: &["OWASP API3:2023", "ASVS 15.3.3", "CWE-915", "WSTG-INPV-20"],
    doc: Doc {
        sends: "Each write with an object as its `json` whose object another resource reads, at the same path or in the list above it (at most 8), by a credential that is no administrator's by its name and scopes: as it is, and then with one more member that the reading shows and the `json` does not have (at most 4, one at a time), such as `role`, `is_admin`, `owner` or `tenant_id`, with another value of the same kind. The object is read before and after each. Where the new value shows afterwards, or the object cannot be read any more, the write is sent with the old value as well, by a credential of another tenant where the object stays out of reach.",
        matters: "A handler that binds whatever a body has lets a user become an administrator, or move an object to another tenant.",
        fix: "Name the members that each write takes, and ignore or refuse all others. A member that this write is for belongs into the `json` of the scenario.",
    },
    steps: &[
        read(FIRST, "before the write").granted(),
        send(Who::Writer, On::WrittenObject).id(PLAIN_WRITE).called("as it is").granted(),
        Step::AwaitAccepted,
        read(BEFORE, "after the write as it is").granted().times(2),
        added(0, &[Alter::ShownMember(BEFORE, 0)]),
        Step::AwaitAccepted,
        after(0),
        added(1, &[Alter::ShownMember(BEFORE, 1)]),
        Step::AwaitAccepted,
        after(1),
        added(2, &[Alter::ShownMember(BEFORE, 2)]),
        Step::AwaitAccepted,
        after(2),
        added(3, &[Alter::ShownMember(BEFORE, 3)]),
        Step::AwaitAccepted,
        after(3),
        send(Who::Writer, On::WrittenObject)
            .with(&[Alter::ShownMembersBack(BEFORE)])
            .called("with the members as they were"),
        send(Who::Writer, On::ReadObject).with(&[Alter::AfterMembers]).called("after the members were written back"),
        // what was moved to another tenant is out of reach of its user
        send(Who::OtherTenant, On::WrittenObject)
            .with(&[Alter::ShownMembersBack(BEFORE)])
            .called("with the members as they were, by the other tenant")
            .if_given(),
    ],
    compares_answers: true,
    expect: ignored,
    fault: "assigns-owner",
    ..PLAIN
}];

/// What became of a member that was added.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    /// The new value shows, or the object is out of reach, in these words.
    Taken(String),
    /// It has none: the write was refused, or the value is what it was.
    None,
    /// Nothing shows what it has, and why.
    Open(String),
}

/// A write with one more member, and what was read around it.
struct Addition<'a> {
    name: String,
    value: Value,
    own: Map<String, Value>,
    path: String,
    write: &'a Observation,
    first: Option<&'a Observation>,
    before: Vec<&'a Observation>,
    /// The last reading before the write.
    last: Option<&'a Observation>,
    after: Vec<&'a Observation>,
}

/// No member that was added has an effect.
fn ignored(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen).step_id();
        let is_groundwork = step.is_some_and(|step| [FIRST, PLAIN_WRITE, BEFORE].contains(&step));
        if is_groundwork && seen.outcome != Outcome::Granted {
            judgement.leaves_open(unusable(seen));
        }
        if !is_groundwork && seen.exchange.response().is_none() {
            judgement.leaves_open(unusable(seen));
        }
        if !step.is_some_and(|step| ADDED.contains(&step)) {
            continue;
        }
        let Some(addition) = Addition::of(case, index) else { continue };
        match addition.effect() {
            Effect::Taken(text) => {
                let expected = format!("`{}` is ignored, or the write refused", addition.name);
                judgement.violates(index, case.about(index, text), expected);
            }
            Effect::Open(why) => judgement.leaves_open(format!("{}: {why}", seen.description)),
            Effect::None => {}
        }
    }
    let is_added = |(_, seen): (usize, &Observation)| case.step_of(seen).step_id() == Some(ADDED[0]);
    if judgement.open.is_empty() && !case.observations().any(is_added) {
        judgement.not_applicable = Some(
            "nothing that is read back shows a member of access that its write does not have, such as `role`, `owner` or \
             `tenant_id`: add the resource that shows one"
                .to_owned(),
        );
    }
    judgement
}

fn unusable(seen: &Observation) -> String {
    let description = &seen.description;
    match (seen.exchange.status(), &seen.why) {
        (Some(_), Some(why)) => format!("{description}: {why}"),
        (Some(status), None) => format!("{description}: {status}, and nothing can be compared without that"),
        (None, _) => format!("{description}: no answer, and nothing can be compared without that"),
    }
}

impl<'a> Addition<'a> {
    fn of(case: &ObservedCheck<'a>, index: usize) -> Option<Self> {
        let all = &case.evidence.observations;
        let id = |seen: &Observation| case.step_of(seen).step_id();
        let write = &all[index];
        let began = all[..index].iter().rposition(|seen| id(seen) == Some(FIRST)).unwrap_or_default();
        let round = &all[began..index];
        let plain = round.iter().find(|seen| id(seen) == Some(PLAIN_WRITE))?;
        let own = members(plain)?;
        let (name, value) = members(write)?.into_iter().find(|(name, _)| !own.contains_key(name))?;
        let is_after = |seen: &&Observation| id(seen).is_some_and(|step| AFTER.contains(&step));
        let is_reading = |seen: &&Observation| id(seen) == Some(BEFORE) || is_after(seen);
        Some(Self {
            name,
            value,
            own,
            path: String::from_utf8_lossy(&write.exchange.request.target).into_owned(),
            write,
            first: round.iter().find(|seen| id(seen) == Some(FIRST)),
            before: round.iter().filter(|seen| id(seen) == Some(BEFORE)).collect(),
            last: round.iter().rfind(is_reading),
            after: all[index + 1..].iter().take_while(is_after).collect(),
        })
    }

    fn effect(&self) -> Effect {
        let object = WrittenObject { own: &self.own, path: &self.path };
        let name = &self.name;
        let having = |reading: &Value| object.having(reading, name, &self.value);
        let quiet: Option<Vec<Value>> =
            self.first.into_iter().chain(self.before.iter().copied()).map(granted_json).collect();
        let last = self.last.and_then(granted_json);
        let (Some(quiet), Some(last)) = (quiet.filter(|quiet| quiet.len() > 2), last) else {
            return Effect::Open("what is read back before it is no JSON".to_owned());
        };
        if quiet.iter().any(|reading| having(reading) != having(&quiet[0])) {
            return Effect::Open(format!("`{name}` changes by itself in what is read back"));
        }
        let is_accepted = self.write.exchange.status().is_some_and(|status| (200..300).contains(&status));
        let is_out_of_reach = |seen: &&Observation| {
            matches!(seen.exchange.status(), Some(403 | 404 | 410)) && seen.outcome == Outcome::Refused
        };
        if is_accepted && self.after.len() > 1 && self.after.iter().all(is_out_of_reach) {
            let status = self.after[0].exchange.status().unwrap_or_default();
            let text = format!(
                "the write is accepted with another `{name}`, and the object is out of reach of its user: {status}"
            );
            return Effect::Taken(text);
        }
        let after: Option<Vec<Value>> = self.after.iter().copied().map(granted_json).collect();
        if self.after.iter().any(|seen| seen.exchange.response().is_none()) {
            // that is said of it
            return Effect::None;
        }
        let Some(after) = after.filter(|after| !after.is_empty()) else {
            return Effect::Open("what is read back after it is no good answer in JSON".to_owned());
        };
        let shows: Vec<bool> = after.iter().map(|reading| having(reading) > having(&last)).collect();
        match (shows.last(), shows.contains(&true)) {
            // at once, or a moment later
            (Some(true), _) => {
                return Effect::Taken(format!("`{name}` has the value that was sent, {}", self.value));
            }
            (_, true) => return Effect::Open(format!("`{name}` changes by itself in what is read back")),
            _ => {}
        }
        match self.write.outcome {
            // that is said of it
            Outcome::Silent => return Effect::None,
            Outcome::Broke => {
                let status = self.write.exchange.status().unwrap_or_default();
                return Effect::Open(format!("the server breaks with {status}"));
            }
            // of the credential or of the pace, and not of the member
            _ if matches!(self.write.exchange.status(), Some(401 | 429)) => {
                let status = self.write.exchange.status().unwrap_or_default();
                return Effect::Open(format!("refused with {status}, whatever is in the body"));
            }
            _ if !is_accepted => return Effect::None,
            _ => {}
        }
        let shown = |reading: &Value| object.shown(reading);
        // what a write makes shows once more each time, and what it changes as often as before
        let made = shown(&quiet[1]).saturating_sub(shown(&quiet[0]));
        if shown(&quiet[1]) > 0 {
            let is_there = |reading: &Value| shown(reading) >= shown(&last) + made;
            if after.iter().any(is_there) {
                return Effect::None;
            }
            let answer = self.write.exchange.response().and_then(|response| response.json());
            if answer.is_some_and(|answer| having(&answer) > 0) {
                let text = format!(
                    "the write is accepted with another `{name}`, which its answer shows, and the object is out of reach of \
                     its user"
                );
                return Effect::Taken(text);
            }
            return Effect::Open("what was written does not show in what is read back".to_owned());
        }
        // counts and times of the whole show that something was written
        match quiet[0] != quiet[1] || after.iter().any(|reading| *reading != last) {
            true => Effect::None,
            false => Effect::Open("a write does not show in what is read back".to_owned()),
        }
    }
}

/// The members of the body of a request.
fn members(seen: &Observation) -> Option<Map<String, Value>> {
    serde_json::from_slice(&seen.exchange.request.body).ok()
}

/// The JSON of a good answer.
fn granted_json(seen: &Observation) -> Option<Value> {
    seen.exchange.response().filter(|_| seen.outcome == Outcome::Granted)?.json()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Place, Request, Response, Silence};

    /// A request with its answer: 0 is none.
    fn seen(step: StepId, (method, path, sent): (&str, &str, &str), (status, answer): (u16, &str)) -> Observation {
        let check = find("common.protected-members-ignored").expect("is in the catalogue");
        let at = check.steps.iter().position(|own| own.step_id() == Some(step)).expect("is a step");
        let request = Request::new(method, path).with_body("application/json", sent.to_owned());
        let outcome = match status {
            0 => Outcome::Silent,
            200..300 => Outcome::Granted,
            500.. => Outcome::Broke,
            _ => Outcome::Refused,
        };
        let response = Response { status, headers: Vec::new(), body: answer.into(), truncated: false };
        let answer = if status == 0 { Err(Silence::TimedOut) } else { Ok(response) };
        let exchange = Exchange { answer, ..Exchange::unanswered(request, Silence::Closed) };
        let place = Place::Resource(usize::from(method != "GET"));
        Observation { place, ..Observation::in_test(at, exchange, outcome) }
    }

    /// How many findings, and how many open questions, come of one more member.
    fn judged(
        (method, path): (&str, &str),
        member: &str,
        [first, before, again]: [&str; 3],
        (status, answer): (u16, &str),
        after: [(u16, &str); 2],
    ) -> (usize, usize) {
        let check = find("common.protected-members-ignored").expect("is in the catalogue");
        let own = r#"{"title":"lamp"}"#;
        let more = format!(r#"{{"title":"lamp",{member}}}"#);
        let read = ("GET", path, "");
        let mut evidence = Evidence::default();
        evidence.observe(seen(FIRST, read, (200, first)));
        evidence.observe(seen(PLAIN_WRITE, (method, path, own), (200, "{}")));
        evidence.observe(seen(BEFORE, read, (200, before)));
        evidence.observe(seen(BEFORE, read, (200, again)));
        evidence.observe(seen(ADDED[0], (method, path, &more), (status, answer)));
        after.into_iter().for_each(|answer| evidence.observe(seen(AFTER[0], read, answer)));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = ignored(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert!(found.not_applicable.is_none() && found.protocol.is_empty(), "{found:?}");
        (found.access.len(), found.open.len())
    }

    #[test]
    fn a_member_has_an_effect_where_the_value_that_was_sent_shows() {
        const PATCH: (&str, &str) = ("PATCH", "/records/7");
        let record = r#"{"id":7,"title":"lamp","tenant_id":1,"is_admin":false}"#;
        let moved = r#"{"id":7,"title":"lamp","tenant_id":2,"is_admin":false}"#;
        let raised = r#"{"id":7,"title":"lamp","tenant_id":1,"is_admin":true}"#;
        let other = r#"{"id":7,"title":"lamp","tenant_id":9,"is_admin":false}"#;
        let (tenant, admin) = (r#""tenant_id":2"#, r#""is_admin":true"#);
        for (member, before, write, after, expected) in [
            (tenant, [record; 3], (200, "{}"), [(200, moved); 2], (1, 0)),
            (admin, [record; 3], (200, "{}"), [(200, raised); 2], (1, 0)),
            // what the write answers with says nothing beside what is read
            (tenant, [record; 3], (422, "{}"), [(200, moved); 2], (1, 0)),
            (tenant, [record; 3], (200, moved), [(200, record); 2], (0, 0)),
            // ignored, refused, or another value
            (tenant, [record; 3], (200, "{}"), [(200, record); 2], (0, 0)),
            (tenant, [record; 3], (422, "{}"), [(200, record); 2], (0, 0)),
            (tenant, [record; 3], (200, "{}"), [(200, other); 2], (0, 0)),
            // a moment later, or for a moment
            (tenant, [record; 3], (200, "{}"), [(200, record), (200, moved)], (1, 0)),
            (tenant, [record; 3], (200, "{}"), [(200, moved), (200, record)], (0, 1)),
            // out of reach, and not for another reason
            (tenant, [record; 3], (200, "{}"), [(404, "{}"); 2], (1, 0)),
            (tenant, [record; 3], (200, "{}"), [(403, "{}"); 2], (1, 0)),
            (tenant, [record; 3], (200, "{}"), [(404, "{}"), (200, record)], (0, 1)),
            (tenant, [record; 3], (403, "{}"), [(404, "{}"); 2], (0, 1)),
            (tenant, [record; 3], (200, "{}"), [(401, "{}"); 2], (0, 1)),
            (tenant, [record; 3], (200, "{}"), [(0, ""); 2], (0, 1)),
            // nothing can be said
            (tenant, [record; 3], (500, "{}"), [(200, record); 2], (0, 1)),
            (tenant, [record; 3], (0, ""), [(200, record); 2], (0, 1)),
            (tenant, [record; 3], (401, "{}"), [(200, record); 2], (0, 1)),
            (tenant, [record; 3], (429, "{}"), [(200, record); 2], (0, 1)),
            (tenant, [record, moved, record], (200, "{}"), [(200, moved); 2], (0, 1)),
            (tenant, [record, record, moved], (200, "{}"), [(200, moved); 2], (0, 1)),
            // by the write as it is
            (admin, [record, raised, raised], (200, "{}"), [(200, raised); 2], (0, 1)),
            (tenant, ["lamp"; 3], (200, "{}"), [(200, "lamp"); 2], (0, 1)),
        ] {
            assert_eq!(
                judged(PATCH, member, before, write, after),
                expected,
                "{member} {before:?} {write:?} {after:?}"
            );
        }
    }

    #[test]
    fn what_is_made_shows_in_a_list() {
        const POST: (&str, &str) = ("POST", "/records");
        let list = |owners: &[&str]| {
            let items = owners.iter().map(|owner| format!(r#"{{"title":"lamp","owner":"{owner}"}}"#));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        };
        let (first, before) = (list(&["al"]), list(&["al", "al"]));
        let three = list(&["al", "al", "al"]);
        let (others, kept) = (list(&["al", "al", "bob"]), r#"{"title":"lamp","owner":"bob"}"#);
        let (total, more) = (r#"{"count":1,"owner":"al"}"#, r#"{"count":2,"owner":"al"}"#);
        let taken = r#"{"count":3,"owner":"bob"}"#;
        for (states, write, after, expected) in [
            ([&*first, &*before], (201, "{}"), &*others, (1, 0)),
            ([&first, &before], (201, "{}"), &three, (0, 0)),
            ([&first, &before], (400, "{}"), &before, (0, 0)),
            // made, and not in the list of whoever made it
            ([&first, &before], (201, kept), &before, (1, 0)),
            ([&first, &before], (201, "{}"), &before, (0, 1)),
            // the whole is all that shows
            ([total, more], (201, "{}"), taken, (1, 0)),
            ([total, more], (201, "{}"), r#"{"count":3,"owner":"al"}"#, (0, 0)),
            ([total, total], (201, "{}"), total, (0, 1)),
        ] {
            let before = [states[0], states[1], states[1]];
            let found = judged(POST, r#""owner":"bob""#, before, write, [(200, after); 2]);
            assert_eq!(found, expected, "{states:?} {write:?} {after}");
        }
    }

    #[test]
    fn it_does_not_apply_where_nothing_was_added() {
        let check = find("common.protected-members-ignored").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let (read, write) = (("GET", "/notes", ""), ("POST", "/notes", "{}"));
        for (status, applies) in [(200, false), (403, true)] {
            let mut evidence = Evidence::default();
            evidence.observe(seen(FIRST, read, (200, "[]")));
            evidence.observe(seen(PLAIN_WRITE, write, (status, "{}")));
            evidence.observe(seen(BEFORE, read, (200, "[]")));
            let found = ignored(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.not_applicable.is_none(), found.open.len()), (applies, usize::from(applies)), "{status}");
        }
    }
}
