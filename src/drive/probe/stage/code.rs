//! Steps about authorization codes: one that is used twice, and one that is asked for to a redirection URI of nobody.

use super::session::{note, started};
use super::told::{Told, granted, led_elsewhere, refused};
use super::{Halt, Kept, Stage};
use crate::check::step::RedirectionUri;
use crate::drive::login::Logins;
use crate::observe::{Evidence, Outcome};

impl Stage<'_> {
    /// The code of a session once more; what that returns is tried.
    pub(super) async fn repeat_code(&mut self, slot: &'static str, evidence: &mut Evidence) -> Result<Told, Halt> {
        if let Some(left) = self.slots.get(slot).and_then(Kept::self_contained) {
            evidence.self_contained = Some(left);
        }
        // its tokens end, or should
        let kept = started(&mut self.sessions, slot)?;
        kept.session.may_have_ended();
        let mut again = kept.session.clone();
        let ended = again.code_repeated(&self.prober.equipment.logins).await;
        note(again.exchanges(), again.procedure(), evidence);
        let exchange = again.exchanges().last().cloned();
        match ended {
            Ok(held) => Ok(self.opened(held, exchange, evidence).await),
            Err(error) => refused(&error, exchange),
        }
    }

    /// A login whose authorization request names another redirection URI: granted is what leads there, whatever it brings.
    pub(super) async fn other_redirection(
        &mut self,
        identity: usize,
        other: RedirectionUri,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let why = "the login has no redirection URI that could be another one";
        let (changed, uri) = procedure.redirecting_to(other).ok_or_else(|| Halt::Untestable(why.to_owned()))?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&changed).patiently();
        let ended = session.renewed(logins).await;
        note(session.exchanges(), &changed, evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        if let Some(there) = session.led_to(&uri).cloned() {
            return Ok(granted(Some(there)));
        }
        let exchange = session.exchanges().last().cloned();
        match ended {
            // the code went to the registered one
            Ok(_) => Ok(Told { outcome: Outcome::Refused, ..granted(exchange) }),
            Err(error) => led_elsewhere(&error, exchange),
        }
    }
}
