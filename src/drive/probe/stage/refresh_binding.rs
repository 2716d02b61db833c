//! Whether refresh tokens of a client that authenticates are bound to it: those need not rotate (RFC 9700 §4.14.2).

use super::{Halt, Stage};
use crate::check::step::{RefreshChange, SessionAct, SessionStep, Step};
use crate::drive::login::LoginSession;
use crate::observe::{Evidence, Outcome};

/// Who may not use a refresh token of a client that authenticates (RFC 6749 §6, §10.4), and in which words.
const OTHERS: [(RefreshChange, &str); 3] = [
    (RefreshChange::OtherClient, "a refresh by another client"),
    (RefreshChange::NoClientAuthentication, "a refresh without its authentication"),
    (RefreshChange::WrongClientSecret, "a refresh with a wrong secret"),
];
/// What no probe has shown.
const NO_OTHER: &str = "; another client was not tried: add a second credential whose login has a `refresh` by another client at the \
                        same token endpoint";

impl Stage<'_> {
    /// Whether the check uses a refresh token again after the tolerated overlap.
    pub(super) fn is_about_reuse(&self) -> bool {
        let waits = |step: &Step| matches!(step, Step::Session(SessionStep { act: SessionAct::AwaitOverlap, .. }));
        self.check.steps.iter().any(waits)
    }

    /// Whether a refresh token that was accepted twice had to be refused the second time, with who else can use it noted.
    ///
    /// # Errors
    /// Where it is bound to a client that authenticates: then it need not rotate. Where that cannot be seen, too.
    pub(super) async fn has_to_rotate(
        &self,
        identity: usize,
        session: &LoginSession,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        if !session.refreshes_for_a_client() {
            return Ok(());
        }
        let mut refused = Vec::new();
        for (change, words) in OTHERS {
            let Some(procedure) = self.prober.subject().changed_refresh(identity, change) else { continue };
            match Box::pin(self.sent_by(session.by(procedure), evidence)).await {
                Ok(told) if told.outcome == Outcome::Granted => {
                    evidence.refresh_token_unbound = Some(words);
                    return Ok(());
                }
                Ok(told) if told.outcome == Outcome::Refused => refused.push((change, words)),
                // that it cannot be sent, or is not answered, shows nothing of its binding
                Ok(_) | Err(Halt::Untestable(_) | Halt::Obstacle(_)) => {}
                Err(halt) => return Err(halt),
            }
        }
        let words: Vec<&str> = refused.iter().map(|(_, words)| *words).collect();
        if words.is_empty() {
            let why = "whether refresh tokens are bound to the client that authenticates is not known: nothing else was refused";
            return Err(Halt::Obstacle(why.to_owned()));
        }
        let rest = if refused.iter().any(|(change, _)| *change == RefreshChange::OtherClient) { "" } else { NO_OTHER };
        let words = words.join(" and ");
        Err(Halt::Inapplicable(format!(
            "the refresh authenticates its client, and {words} was refused: refresh tokens that are bound to a client need not \
             rotate{rest}"
        )))
    }
}
