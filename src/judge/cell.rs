//! From deviations to cells: where a check deviates, and what that shows about the target.

use std::collections::BTreeSet;

use super::verdict::seen;
use crate::check::step::Want;
use crate::check::{Check, Deviation, Explanation, Judgement, Verdict};
use crate::event::{Answering, Cell, Part};
use crate::observe::{Evidence, Observation, Outcome, Place};
use crate::plan::subject::Resource;

/// A check with what it saw.
#[derive(Clone, Copy)]
pub(super) struct SeenCheck<'a> {
    pub(super) check: &'a Check,
    /// What a protocol deviation comes to under the level of the check and the profile.
    pub(super) protocol: Verdict,
    pub(super) evidence: &'a Evidence,
    pub(super) resources: &'a [Resource],
}

impl SeenCheck<'_> {
    /// The cells of a judgement; `told` puts a deviation into words.
    pub(super) fn cells(self, judgement: &Judgement, told: &dyn Fn(&Deviation) -> String) -> Vec<Cell> {
        let mut cells = Vec::new();
        for deviation in &judgement.access {
            self.add(&mut cells, Part::Access, Verdict::Fail, deviation, told);
        }
        let granted: BTreeSet<(String, String)> = cells.iter().map(place).collect();
        for (verdict, deviations) in [(self.protocol, &judgement.protocol), (Verdict::Warn, &judgement.advice)] {
            for deviation in deviations {
                // where access is granted against the requirement, nobody asks how the refusal should have looked
                if deviation.explanation.stands_alone() || !granted.contains(&self.place(deviation.observation)) {
                    self.add(&mut cells, Part::Protocol, verdict, deviation, told);
                }
            }
        }
        cells
    }

    fn add(
        self,
        cells: &mut Vec<Cell>,
        part: Part,
        verdict: Verdict,
        deviation: &Deviation,
        told: &dyn Fn(&Deviation) -> String,
    ) {
        let observation = &self.evidence.observations[deviation.observation];
        let (endpoint, method) = self.place(deviation.observation);
        let explanation = self.explanation(part, deviation);
        let known = |cell: &&mut Cell| {
            (cell.part, cell.explanation) == (part, explanation) && place(cell) == (endpoint.clone(), method.clone())
        };
        let statuses = observation.exchange.status();
        match cells.iter_mut().find(known) {
            Some(cell) => {
                cell.verdict = cell.verdict.min(verdict);
                cell.further.push(told(deviation));
                cell.statuses.extend(statuses);
                cell.statuses.sort_unstable();
                cell.statuses.dedup();
            }
            None => cells.push(Cell {
                implied_by: self.implied_by(part, explanation, observation),
                summary: told(deviation),
                further: Vec::new(),
                expected: deviation.expected.clone(),
                seen: seen(&observation.exchange, observation.outcome),
                statuses: statuses.into_iter().collect(),
                shown_by: Some(self.recorded_at(deviation.observation)),
                waived: None,
                answering: answering(observation.place),
                endpoint,
                method,
                part,
                verdict,
                explanation,
            }),
        }
    }

    /// Index of an observation among the recorded exchanges, which begin with the opening controls.
    fn recorded_at(self, observation: usize) -> usize {
        observation + self.evidence.controls.iter().filter(|control| !control.closing).count()
    }

    /// Path and method of the resource that an observation speaks of, or of the endpoint.
    fn place(self, observation: usize) -> (String, String) {
        let observation = &self.evidence.observations[observation];
        match observation.place {
            Place::Resource(at) if at < self.resources.len() => {
                (self.resources[at].path.clone(), self.resources[at].method.clone())
            }
            _ => {
                let request = &observation.exchange.request;
                let target = String::from_utf8_lossy(&request.target);
                (target.split('?').next().unwrap_or_default().to_owned(), request.method.clone())
            }
        }
    }

    fn explanation(self, part: Part, deviation: &Deviation) -> Explanation {
        let observation = &self.evidence.observations[deviation.observation];
        if part == Part::Access && deviation.explanation == Explanation::Own && is_grant(self.check, observation) {
            return Explanation::of_grant(self.check.shows, &self.check.steps[observation.step]);
        }
        deviation.explanation
    }

    fn implied_by(self, part: Part, explanation: Explanation, observation: &Observation) -> Vec<Explanation> {
        let all = if observation.outcome == Outcome::Granted {
            Explanation::grant_implied_by(&self.check.steps[observation.step])
        } else if part == Part::Protocol {
            explanation.protocol_implied_by()
        } else {
            &[]
        };
        if explanation.stands_alone() {
            return Vec::new();
        }
        all.iter().copied().take_while(|other| *other != explanation).collect()
    }
}

/// Who answers at a place that is no resource.
fn answering(place: Place) -> Option<Answering> {
    match place {
        Place::Token | Place::Introspection | Place::Revocation | Place::Metadata => {
            Some(Answering::AuthorizationServer)
        }
        Place::Login => Some(Answering::Login),
        Place::Resource(_) | Place::Elsewhere => None,
    }
}

/// Whether access was granted where it has to be refused.
fn is_grant(check: &Check, observation: &Observation) -> bool {
    let wanted = check.steps[observation.step].wanted();
    observation.outcome == Outcome::Granted && !matches!(wanted, Want::Granted)
}

fn place(cell: &Cell) -> (String, String) {
    (cell.endpoint.clone(), cell.method.clone())
}
