//! Logins with two user-ids, of which the password fits one.

use super::noting::note;
use super::session::KeptSession;
use super::told::{Told, failed, granted};
use super::{Halt, Stage};
use crate::check::step::UserOrder;
use crate::drive::login::{Distance, Logins};
use crate::observe::{Evidence, Outcome};

impl Stage<'_> {
    /// The login of an identity with its password and two user-ids, and whether its answer is a server error that comes again. What
    /// it returns is kept in a slot, whoever it is good for.
    pub(super) async fn two_users(
        &mut self,
        identity: usize,
        order: UserOrder,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let told = self.one_login_of_two(identity, (order, Distance::WhereNeeded), slot, evidence).await?;
        if told.outcome != Outcome::Broke || self.prober.outages.are_caused_by(&told.exchange.request) {
            return Ok((told, false));
        }
        let again = self.one_login_of_two(identity, (order, Distance::Always), slot, evidence).await?;
        let same = again.outcome == told.outcome;
        Ok((again, same))
    }

    async fn one_login_of_two(
        &mut self,
        identity: usize,
        (order, distance): (UserOrder, Distance),
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let other = self.prober.subject().other_user(identity);
        let other = other.ok_or_else(|| Halt::Untestable("there is no other user".to_owned()))?;
        let (one, two) = (self.login_of(identity)?, self.login_of(other)?);
        let both = one.1.with_two_users(order, &two.1.account.0);
        let both = both.ok_or_else(|| Halt::Untestable("the login has no such value".to_owned()))?;
        // the failure counts for whichever of them the target looks at
        for (name, procedure) in [&one, &two] {
            Box::pin(self.make_room_to_fail(name, procedure)).await?;
        }
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&one.0).await;
        let mut session = Logins::recorded(&both).patiently().keeping(distance);
        let ended = session.renewed(logins).await;
        note(session.exchanges(), &both, evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        self.prober.pulse_after_login(session.exchanges()).await;
        drop(alone);
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok((held, _)) => {
                logins.note_success(&one.0);
                self.keep_session(slot, held, evidence);
                self.sessions.insert(slot, KeptSession { session, lives: true });
                Ok(granted(exchange))
            }
            Err(error) => {
                let told = failed(&error, &both, &session)?;
                self.note_failing(&one.0, &told);
                self.note_failing(&two.0, &told);
                Ok(told)
            }
        }
    }
}
