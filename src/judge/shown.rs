//! What a report shows of the evidence: the exchanges of a check, and the one that shows its finding.

use crate::event::{EvidenceRecord, Role};
use crate::observe::{Evidence, Exchange, FixedTexts, Observation, Outcome};
use crate::secret::Scrubber;

/// The exchange that shows a finding.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    Observation(usize),
    Control(usize),
}

impl Shown {
    pub(super) fn exchange(self, evidence: &Evidence) -> &Exchange {
        match self {
            Shown::Observation(at) => &evidence.observations[at].exchange,
            Shown::Control(at) => &evidence.controls[at].exchange,
        }
    }

    pub(super) fn outcome(self, evidence: &Evidence) -> Outcome {
        match self {
            Shown::Observation(at) => evidence.observations[at].outcome,
            Shown::Control(at) => evidence.controls[at].outcome,
        }
    }
}

/// Exchanges in the order in which they were made, and where among them the finding is shown.
pub(super) fn record(
    evidence: &Evidence,
    shown: Option<Shown>,
    scrubber: &Scrubber,
) -> (Vec<EvidenceRecord>, Option<usize>) {
    let mut records = Vec::new();
    let mut shown_by = None;
    let controls = |closing: bool| evidence.controls.iter().enumerate().filter(move |(_, run)| run.closing == closing);
    for closing in [false, true] {
        if closing {
            for (at, observation) in evidence.observations.iter().enumerate() {
                if matches!(shown, Some(Shown::Observation(wanted)) if wanted == at) {
                    shown_by = Some(records.len());
                }
                records.push(record_of(observation, scrubber));
            }
        }
        for (at, run) in controls(closing) {
            if matches!(shown, Some(Shown::Control(wanted)) if wanted == at) {
                shown_by = Some(records.len());
            }
            let role = if closing { Role::ControlAfter } else { Role::ControlBefore };
            let (label, outcome) = (scrubber.scrub(&run.description.to_string()), run.outcome);
            records.push(EvidenceRecord {
                role,
                label,
                credential: run.credential.clone(),
                forged: false,
                certificate_of: certificate_of(&run.exchange),
                outcome,
                exchange: run.exchange.record(scrubber),
            });
        }
    }
    (records, shown_by)
}

fn record_of(observation: &Observation, scrubber: &Scrubber) -> EvidenceRecord {
    EvidenceRecord {
        role: Role::Probe,
        label: FixedTexts::of(std::iter::once(&observation.description))
            .scrub(&observation.description.to_string(), scrubber),
        credential: observation.credential.clone(),
        forged: observation.forgery.is_some(),
        certificate_of: certificate_of(&observation.exchange),
        outcome: observation.outcome,
        exchange: observation.exchange.record(scrubber),
    }
}

/// Whose client certificate the connection of an exchange presented.
fn certificate_of(exchange: &Exchange) -> Option<String> {
    exchange.request.connection.0.as_ref().map(|name| name.to_string())
}
