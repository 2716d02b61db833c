//! Logins that have to fail, and what they open where they do not.

use tokio::sync::OwnedMutexGuard;

use super::noting::note;
use super::session::{WRONG, unknown_user};
use super::told::{Told, failed, granted};
use super::{Halt, Stage};
use crate::drive::control::ControlError;
use crate::drive::login::{HeldCredential, LoginSession, Logins};
use crate::drive::probe::values;
use crate::observe::{Asked, Evidence, Exchange, Outcome};
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Why what a login returned is access.
pub(super) const OPENS: &str = "what it returns opens a resource";

impl Stage<'_> {
    /// The login of an identity with a wrong password, or with a user that nobody knows as well.
    pub(super) async fn wrong_login(
        &mut self,
        identity: usize,
        unknown: bool,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        if !unknown {
            Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        }
        let alone = self.prober.equipment.logins.alone(&name).await;
        let number = evidence.observations.len();
        let password = Secret::new(format!("{WRONG}{}{number}", &self.random[..20]));
        values::note_text(password.expose(), evidence);
        let user = match unknown {
            false => procedure.account.0.clone(),
            true => unknown_user(&procedure.account.0, &self.random[20..32]),
        };
        evidence.named_users.extend([procedure.account.0.clone(), user.clone()]);
        let mut session = Logins::recorded(&procedure.with_account(&user, password)).patiently();
        let (told, _) = Box::pin(self.ended_session(&mut session, alone, failed, evidence)).await?;
        if !unknown {
            self.note_failing(&name, &told);
        }
        self.refused = Some(session).filter(|_| told.outcome == Outcome::Refused);
        Ok(told)
    }

    /// The page that the last refused login leads to, where it leads to one.
    pub(super) async fn page_of_refusal(&mut self, evidence: &mut Evidence) -> Option<Told> {
        let mut session = self.refused.take()?;
        let shown = session.page_of_refusal(&self.prober.equipment.logins).await?;
        note(std::slice::from_ref(&shown), session.procedure(), evidence);
        self.prober.witness.look_at(&shown);
        Some(Told { outcome: Outcome::Refused, ..granted(Some(shown)) })
    }

    /// The login of a session, as the only one of its identity until it has ended, with what it means that it gave no credential, and
    /// with the exchanges before the one that it is shown by. What it returns is tried.
    pub(super) async fn ended_session(
        &self,
        session: &mut LoginSession,
        alone: OwnedMutexGuard<()>,
        failed: fn(&ControlError, &LoginProcedure, &LoginSession) -> Result<Told, Halt>,
        evidence: &mut Evidence,
    ) -> Result<(Told, Vec<Exchange>), Halt> {
        let ended = session.renewed(&self.prober.equipment.logins).await;
        note(session.exchanges(), session.procedure(), evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        self.prober.pulse_after_login(session.exchanges()).await;
        let exchange = session.exchanges().last().cloned();
        let told = match ended {
            Ok((held, _)) => {
                drop(alone);
                self.opened(held, exchange, evidence).await
            }
            Err(error) => failed(&error, session.procedure(), session)?,
        };
        let before = session.exchanges().split_last().map_or(&[][..], |(_, before)| before).to_vec();
        Ok((told, before))
    }

    /// Counts a login that had to fail, if it was answered.
    pub(super) fn note_failing(&self, name: &str, told: &Told) {
        let logins = &self.prober.equipment.logins;
        match told.outcome {
            Outcome::Granted => logins.note_success(name),
            Outcome::Silent => {}
            Outcome::Refused | Outcome::Unclear | Outcome::Broke => logins.note_failure(name),
        }
    }

    /// Whether what a login returned opens a resource: a page that asks for the password again may set a cookie too.
    pub(super) async fn opened(
        &self,
        held: HeldCredential,
        exchange: Option<Exchange>,
        evidence: &mut Evidence,
    ) -> Told {
        let mut told = granted(exchange);
        let Some(main) = self.prober.subject().main_resource() else { return told };
        told.outcome = self.used(&held, main, evidence).await;
        told.why = (told.outcome == Outcome::Granted).then(|| OPENS.to_owned());
        told
    }

    /// What a resource answers to a credential.
    pub(super) async fn used(&self, held: &HeldCredential, resource: usize, evidence: &mut Evidence) -> Outcome {
        let request = self.prober.good_request(held, resource, evidence).await;
        let used = self.prober.send_to(resource, &request).await;
        let reading = self.prober.read(resource, &used, &Asked::default()).await;
        let refuses = used.status().is_some_and(|status| (400..500).contains(&status));
        if reading.outcome == Outcome::Refused || !refuses {
            return reading.outcome;
        }
        // what each page has for whoever is logged in shows nothing of this one
        let readable = self.prober.around_nothing(held, resource).await;
        self.prober.read(resource, &used, &Asked { readable: &readable, ..Asked::default() }).await.outcome
    }
}
