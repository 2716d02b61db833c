//! Servers without hope: no check that expects denial passes against them without real denial.

use std::time::Duration;

use super::{Trial, TrialError};
use crate::check::step::Want;
use crate::check::{Verdict, find};
use crate::event::{CheckResult, Role};
use crate::exit::Exit;
use crate::observe::Outcome;
use crate::reference::hopeless::Manner;
use crate::run::Launch;

/// How long a server that never answers is waited for.
const IMPATIENCE: Duration = Duration::from_millis(100);

/// What came of one server without hope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hope {
    /// How the server behaves.
    pub manner: Manner,
    /// The scheme under which it was tried.
    pub scheme: &'static str,
    /// How the run ended.
    pub exit: Exit,
    /// Results.
    pub results: usize,
    /// Checks that passed although nothing was proved.
    pub fooled: Vec<String>,
}

impl Hope {
    /// Whether the run was fooled: a check passed, or the run was green.
    pub fn is_fooled(&self) -> bool {
        self.exit == Exit::Passed || !self.fooled.is_empty()
    }
}

/// Runs all checks of a scheme against a server without hope.
///
/// # Errors
/// When the scenario cannot be made.
pub async fn hope(manner: Manner, scheme: &'static str) -> Result<Hope, TrialError> {
    let mut trial = Trial { launch: Launch::Hopeless(manner), ..Trial::of(scheme) };
    if manner == Manner::Silent {
        trial.time_limit = IMPATIENCE;
    }
    if manner.starts_correct() {
        // one after another, so that some come to their end before the server changes its mind
        trial.jobs = 1;
    }
    let ended = trial.run().await?;
    let passed = ended.results.iter().filter(|result| result.verdict == Verdict::Pass);
    let fooled = passed.filter(|result| wants_denial(result) && !(manner.starts_correct() && is_proved(result)));
    let fooled = fooled.filter(|result| !is_refused_in_handshake(result));
    let fooled = fooled.map(|result| result.id.clone()).collect();
    Ok(Hope { manner, scheme, exit: ended.exit, results: ended.results.len(), fooled })
}

fn wants_denial(result: &CheckResult) -> bool {
    find(&result.id).is_some_and(|check| check.steps.iter().any(|step| matches!(step.wanted(), Want::Denied(_))))
}

/// Whether all probes were refused by TLS itself, such as those with what is no certificate: that is real, whatever is behind it.
fn is_refused_in_handshake(result: &CheckResult) -> bool {
    let mut probes = result.evidence.iter().filter(|record| record.role == Role::Probe).peekable();
    probes.peek().is_some() && probes.all(|probe| probe.outcome == Outcome::Refused && probe.exchange.status.is_none())
}

/// Whether a pass stands on controls on both sides that were granted.
fn is_proved(result: &CheckResult) -> bool {
    let granted = |wanted: Role| {
        let mut controls = result.evidence.iter().filter(|record| record.role == wanted).peekable();
        controls.peek().is_some() && controls.all(|record| record.outcome == Outcome::Granted)
    };
    granted(Role::ControlBefore) && granted(Role::ControlAfter)
}
