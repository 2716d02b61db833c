//! What a step sends that the check learns from earlier answers: conditions, and members of objects.

use serde_json::Value;

use super::Stage;
use crate::check::step::{Alter, Fill, OriginBeside, Send};
use crate::observe::{
    AccessMember, Description, Evidence, Observation, Outcome, Place, Request, StepId, WrittenObject,
};
use crate::plan::subject::Resource;
use crate::plan::{Action, Asker};

/// What was learned from answers.
#[derive(Debug, Default)]
pub(super) struct LearnedBodies {
    /// What a good answer said about its version, as conditions.
    validators: Vec<(&'static str, String)>,
    /// Members that are added to the body.
    added: Vec<(String, Value)>,
    /// Members that were added in the round.
    tried: Vec<AccessMember>,
    /// The origin that the step names.
    pub(super) origin: Option<String>,
}

impl LearnedBodies {
    /// Puts what was learned into a request.
    pub(super) fn put_into(&self, request: &mut Request, alter: &Alter) {
        match alter {
            Alter::Validators => {
                for (name, value) in &self.validators {
                    request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
                    request.push(name, value, false);
                }
            }
            Alter::ShownMember(..) | Alter::ShownMembersBack(_) => {
                if let Some(body) = with_members(&request.body, &self.added) {
                    let media = request.value_of("content-type").unwrap_or_default();
                    let media = String::from_utf8_lossy(media).into_owned();
                    *request = request.clone().with_body(&media, body);
                }
            }
            _ => {}
        }
    }
}

impl Stage<'_> {
    /// Learns what a step sends from the answers before it; whether there is anything to send.
    pub(super) fn learns(
        &mut self,
        send: &Send,
        asker: &Asker,
        (resource, counts): (usize, usize),
        evidence: &Evidence,
    ) -> bool {
        for alter in send.alter {
            let found = match alter {
                Alter::Validators => {
                    self.learned.validators = validators_of(evidence, Place::Resource(counts));
                    !self.learned.validators.is_empty()
                }
                Alter::ShownMember(step, at) => {
                    let member = self.shown_member((*step, *at), asker, resource, evidence);
                    self.learned.added = member.iter().map(|one| (one.name.clone(), one.other.clone())).collect();
                    if *at == 0 {
                        self.learned.tried.clear();
                    }
                    self.learned.tried.extend(member);
                    !self.learned.added.is_empty()
                }
                Alter::ShownMembersBack(step) => {
                    self.learned.added = self.taken(*step, resource, evidence);
                    !self.learned.added.is_empty()
                }
                Alter::Replaced(_, Fill::OriginBeside(beside)) => {
                    self.learned.origin = self.origin_beside(*beside, evidence);
                    self.learned.origin.is_some()
                }
                Alter::AfterMembers => !self.learned.added.is_empty(),
                _ => true,
            };
            if !found {
                return false;
            }
        }
        true
    }

    /// An origin beside the one that the scenario declares, or that answers name without being asked, or that the scenario writes for
    /// a resource and that is allowed there. What looks like a trusted one shows something only where that is allowed.
    pub(super) fn origin_beside(&self, beside: OriginBeside, evidence: &Evidence) -> Option<String> {
        let subject = self.prober.subject();
        let declared = &subject.material.trusted_origins;
        let written: Vec<&str> = subject.resources.iter().filter_map(Resource::origin).collect();
        let of_resource = || written.iter().find(|own| evidence.observations.iter().any(|seen| allows(seen, own)));
        let trusted = declared.first().cloned().or_else(|| named_origin(evidence));
        let trusted = trusted.or_else(|| OriginBeside::Trusted.of(of_resource()?))?;
        if beside == OriginBeside::Trusted {
            return Some(trusted);
        }
        let is_allowed = evidence.observations.iter().any(|seen| allows(seen, &trusted));
        let other = beside.of(&trusted).filter(|_| is_allowed)?;
        Some(other).filter(|other| !declared.contains(other) && !written.contains(&other.as_str()))
    }

    /// The description of what is sent, with the names of the members that are added.
    pub(super) fn with_names(&self, action: &Action, send: &Send) -> Description {
        let own = super::described(action);
        let adds = |alter: &Alter| matches!(alter, Alter::ShownMember(..) | Alter::ShownMembersBack(_));
        match send.alter.iter().any(adds) {
            true => {
                let names = self.learned.added.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
                Description::new(format!("{own}: {names}")).quoting(&own)
            }
            false => own,
        }
    }

    /// A member of access that the last answer to a step shows; none where the object cannot be read any more.
    fn shown_member(
        &self,
        (step, at): (StepId, usize),
        asker: &Asker,
        resource: usize,
        evidence: &Evidence,
    ) -> Option<AccessMember> {
        let subject = self.prober.subject();
        let (shown, latest) = self.readings(step, resource, evidence)?;
        let latest = latest?;
        let written = &subject.resources[resource];
        let own = written.members()?;
        let identity = asker.identity()?;
        let of_another = |value: &str| subject.of_another(identity, value);
        let path = self.prober.path(resource);
        let object = WrittenObject { own: &own, path: &path };
        let is_there = object.shown(&latest) >= object.shown(&shown);
        object.members(&shown, &of_another).into_iter().nth(at).filter(|_| is_there)
    }

    /// The members that were added and took effect, as the last answer to a step showed them before. What cannot be read any more
    /// may have been moved by the last one.
    fn taken(&self, step: StepId, resource: usize, evidence: &Evidence) -> Vec<(String, Value)> {
        let written = &self.prober.subject().resources[resource];
        let Some((own, (before, now))) = written.members().zip(self.readings(step, resource, evidence)) else {
            return Vec::new();
        };
        let path = self.prober.path(resource);
        let object = WrittenObject { own: &own, path: &path };
        let has_taken = |member: &&AccessMember| match &now {
            Some(now) if object.shown(now) >= object.shown(&before) => {
                let having = |reading: &Value| object.having(reading, &member.name, &member.other);
                having(now) > having(&before)
            }
            _ => self.learned.tried.last() == Some(*member),
        };
        let taken = self.learned.tried.iter().filter(has_taken);
        taken.map(|member| (member.name.clone(), member.shown.clone())).collect()
    }

    /// The last answer to a step in the round of a write, and the last one at its place, where that is granted.
    fn readings(&self, step: StepId, resource: usize, evidence: &Evidence) -> Option<(Value, Option<Value>)> {
        let seen = &evidence.observations;
        let is_of_step = |one: &Observation| self.check.steps[one.step].step_id() == Some(step);
        let at = seen.iter().rposition(is_of_step)?;
        // of another round otherwise
        seen[..at].iter().find(|one| one.place == Place::Resource(resource))?;
        let json = |one: &Observation| one.exchange.response().and_then(|response| response.json());
        let granted = |one: &&Observation| one.outcome == Outcome::Granted;
        let last = seen.iter().rfind(|one| one.place == seen[at].place).filter(granted);
        Some((json(Some(&seen[at]).filter(granted)?)?, last.and_then(json)))
    }
}

/// The one origin that answers name although their requests come from another one, or from none.
fn named_origin(evidence: &Evidence) -> Option<String> {
    evidence.observations.iter().find_map(|seen| {
        let named = seen.exchange.response()?.header("access-control-allow-origin")?;
        let is_asked = seen.exchange.request.value_of("origin").is_some_and(|origin| origin == named.as_bytes());
        OriginBeside::Trusted.of(&named).filter(|_| !is_asked)
    })
}

/// Whether a request of this origin was answered that it is allowed, with credentials.
fn allows(seen: &Observation, origin: &str) -> bool {
    let says = |name| seen.exchange.response().and_then(|response| response.header(name));
    seen.exchange.request.value_of("origin").is_some_and(|own| own == origin.as_bytes())
        && says("access-control-allow-origin").is_some_and(|named| named == origin)
        && says("access-control-allow-credentials").is_some_and(|value| value == "true")
}

/// The conditions that a cache sends with what the last good answer at a place said about its version (RFC 9110 §13.1.2, §13.1.3).
fn validators_of(evidence: &Evidence, place: Place) -> Vec<(&'static str, String)> {
    let granted = evidence.observations.iter().filter(|seen| seen.place == place && seen.outcome == Outcome::Granted);
    let Some(response) = granted.filter_map(|seen| seen.exchange.response()).next_back() else { return Vec::new() };
    let fields = [("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")];
    fields.into_iter().filter_map(|(name, of)| Some((name, response.header(of)?.into_owned()))).collect()
}

/// An object of JSON with further members behind its own, which stay as they are written; none where it is no object.
fn with_members(body: &[u8], added: &[(String, Value)]) -> Option<String> {
    let own = serde_json::from_slice::<serde_json::Map<String, Value>>(body).ok()?;
    let text = std::str::from_utf8(body).ok()?.trim_end().strip_suffix('}')?;
    let added = added.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    let added = added.collect::<Vec<_>>().join(",");
    let separator = if own.is_empty() || added.is_empty() { "" } else { "," };
    Some(format!("{text}{separator}{added}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_behind_those_that_are_there() {
        let added = [("tenant_id".to_owned(), Value::from(8)), ("role".to_owned(), Value::from("admin"))];
        for (body, expected) in [
            ("{ \"b\": 1,\n \"a\": {} }\n", Some("{ \"b\": 1,\n \"a\": {} ,\"tenant_id\":8,\"role\":\"admin\"}")),
            ("{}", Some("{\"tenant_id\":8,\"role\":\"admin\"}")),
            ("[1]", None),
            ("a=b", None),
        ] {
            assert_eq!(with_members(body.as_bytes(), &added).as_deref(), expected, "{body}");
        }
    }
}
