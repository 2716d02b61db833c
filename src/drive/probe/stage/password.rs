//! Password changes: the one of the scenario, and one that does not name the former password.

use super::noting::note;
use super::session::started;
use super::told::{Told, failed, granted, refused};
use super::{Halt, Stage};
use crate::drive::login::{Logins, successor};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome};
use crate::secret::Secret;

/// Why a password change cannot end another session.
const ONE_SESSION: &str = "a new login ends the one before it: there is no other session that could stay";
/// Begins a former password that is not the one of the user.
const WRONG: &str = "Not-the-former-9-";

impl Stage<'_> {
    /// Gives the user of a session another password.
    pub(super) async fn change_password(
        &mut self,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        if self.prober.is_one_at_a_time() && self.sessions.len() > 1 {
            return Err(Halt::Inapplicable(ONE_SESSION.to_owned()));
        }
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        values::note_text(successor(former).expose(), evidence);
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        for kept in self.sessions.values_mut() {
            kept.session.may_have_ended();
        }
        let kept = started(&mut self.sessions, slot)?;
        let ended = logins.change_password(&name, &mut kept.session).await;
        note(kept.session.exchanges(), &procedure, evidence);
        self.changed = Some((name, alone));
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        Ok(granted(kept.session.exchanges().last().cloned()))
    }

    /// Puts a password back that the check has changed.
    pub(super) async fn put_password_back(&mut self, evidence: &mut Evidence) {
        let Some((name, _alone)) = self.changed.take() else { return };
        if let Err(error) = self.prober.equipment.logins.put_password_back(&name).await {
            evidence.obstacle.get_or_insert(error.to_string());
        }
    }

    /// Changes the password of a user with a wrong former one, or with none where the request of the scenario sends none. Granted
    /// is what lets the new password in; the former one is put back at once.
    pub(super) async fn change_password_wrongly(
        &mut self,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        let wrong = Secret::new(format!("{WRONG}{}", &self.random[..20]));
        let new = successor(former);
        [&wrong, &new].into_iter().for_each(|text| values::note_text(text.expose(), evidence));
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let kept = started(&mut self.sessions, slot)?;
        kept.session.may_have_ended();
        let mut session = kept.session.by(procedure.with_account(&procedure.account.0, wrong));
        let ended = logins.change_password_of(&name, &procedure, &mut session).await;
        note(session.exchanges(), session.procedure(), evidence);
        let change = session.exchanges().last().cloned();
        if let Err(error) = &ended {
            return refused(error, change);
        }
        // a page that shows an error may have any status
        let with_new = procedure.with_account(&procedure.account.0, new);
        let mut session = Logins::recorded(&with_new).patiently();
        let ended = session.renewed(logins).await;
        note(session.exchanges(), &with_new, evidence);
        let told = match ended {
            Ok((held, _)) => {
                let opened = self.opened(held, None, evidence).await;
                logins.give_back(session);
                opened
            }
            Err(error) => {
                let told = failed(&error, &with_new, &session)?;
                self.note_failing(&name, &told);
                told
            }
        };
        if let Err(error) = logins.put_password_back(&name).await {
            evidence.obstacle.get_or_insert(error.to_string());
        }
        let why = (told.outcome == Outcome::Granted).then(|| "the new password opens a resource".to_owned());
        Ok(Told { outcome: told.outcome, why, ..granted(change) })
    }
}
