//! Logins that are wrong on purpose, between which the right one comes before the account may be locked.

use super::enumeration::Existing;
use super::resource::second_counts;
use super::told::Told;
use super::{Halt, Stage};
use crate::check::step::{GrantChange, SessionAct};
use crate::observe::{Evidence, Outcome, Silence};

impl Stage<'_> {
    /// The login of an identity as an act changes it, and whether its answer is a server error, or none, that comes again.
    pub(super) async fn unusual_login(
        &mut self,
        identity: usize,
        act: SessionAct,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let told = self.one_unusual_login(identity, act, evidence).await?;
        let closed = matches!(told.exchange.answer, Err(Silence::Closed));
        let stopped = self.prober.outages.are_caused_by(&told.exchange.request);
        if (told.outcome != Outcome::Broke && !closed) || stopped {
            return Ok((told, false));
        }
        let again = self.one_unusual_login(identity, act, evidence).await?;
        let same = again.outcome == told.outcome;
        Ok((if second_counts(told.outcome, again.outcome, false) { again } else { told }, same))
    }

    async fn one_unusual_login(
        &mut self,
        identity: usize,
        act: SessionAct,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let unusual = match act {
            SessionAct::ChangedGrant(GrantChange::OtherClient) => self.prober.subject().code_of_other_client(identity),
            _ => procedure.changed_by(act),
        };
        let unusual = unusual.ok_or_else(|| Halt::Untestable("the login has no such value".to_owned()))?;
        let most = procedure.most_failures;
        if most < 2 {
            let why = format!("more failed logins of {name} might lock the account (`max_failures: {most}`)");
            return Err(Halt::Untestable(why));
        }
        // one has to be left for the login with the right password
        if self.prober.equipment.logins.failures_left(&name, &procedure).await < 2 {
            self.succeed(&Existing::User(name.clone(), procedure.clone())).await?;
        }
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        let told = self.failing_login(&unusual, alone, evidence).await?;
        self.note_failing(&name, &told);
        Ok(told)
    }
}
