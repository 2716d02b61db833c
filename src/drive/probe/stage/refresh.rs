//! Refreshes of a session that a check has for itself.

use super::resource::second_counts;
use super::session::{Told, granted, note, refused};
use super::{Halt, Stage};
use crate::check::step::RefreshChange;
use crate::drive::login::LoginSession;
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome};
use crate::scheme::forged_value;
use crate::secret::Secret;

/// Why nothing takes the place of a refresh token.
const NO_TOKEN: &str = "the refresh of the login takes no token from an answer";
/// Why a refresh token cannot be forged.
const UNFORGED: &str = "the refresh token is too short to be changed";
/// Why an access token in its place shows nothing.
const THE_SAME: &str = "the refresh token is the access token";

impl Stage<'_> {
    /// A refresh that has to be refused, and whether its answer is a server error that comes again.
    pub(super) async fn changed_refresh(
        &mut self,
        identity: usize,
        slot: &'static str,
        change: RefreshChange,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let procedure = self.prober.subject().changed_refresh(identity, change);
        let procedure = procedure.ok_or_else(|| Halt::Untestable(NO_TOKEN.to_owned()))?;
        let kept = self.sessions.get_mut(slot).ok_or_else(|| Halt::Obstacle("no session was started".to_owned()))?;
        // a server may take it for a theft, and end the session
        kept.session.may_have_ended();
        let session = kept.session.by(procedure);
        let other = match change {
            RefreshChange::OtherEnd => Some(self.forged_refresh_token(&session, "last-changed")?),
            RefreshChange::Unknown => Some(self.forged_refresh_token(&session, "unknown")?),
            RefreshChange::AccessToken => {
                let token = session.held().and_then(|held| held.token.as_ref()).map(|token| token.value.clone());
                let token = token.ok_or_else(|| Halt::Untestable(NO_TOKEN.to_owned()))?;
                let refresh_token = session.refresh_token().ok_or_else(|| Halt::Untestable(NO_TOKEN.to_owned()))?;
                if refresh_token == token {
                    return Err(Halt::Inapplicable(THE_SAME.to_owned()));
                }
                Some(token)
            }
            RefreshChange::NoClientAuthentication | RefreshChange::WrongClientSecret | RefreshChange::OtherClient => {
                None
            }
        };
        let session = match other {
            Some(other) => {
                values::note_text(other.expose(), evidence);
                session.with_refresh_token(other)
            }
            None => session,
        };
        let told = self.sent_by(session.clone(), evidence).await?;
        if told.outcome != Outcome::Broke {
            return Ok((told, false));
        }
        let again = self.sent_by(session, evidence).await?;
        let same = again.outcome == told.outcome;
        Ok((if second_counts(told.outcome, again.outcome, false) { again } else { told }, same))
    }

    /// The refresh of a session, which is given back to be logged out where it was renewed.
    async fn sent_by(&self, mut session: LoginSession, evidence: &mut Evidence) -> Result<Told, Halt> {
        let ended = session.refreshed_only(&self.prober.equipment.logins).await;
        note(session.exchanges(), session.procedure(), evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok(held) => {
                values::note_text(held.proof.secret(), evidence);
                self.prober.equipment.logins.give_back(session);
                Ok(granted(exchange))
            }
            Err(error) => refused(&error, exchange),
        }
    }

    fn forged_refresh_token(&mut self, session: &LoginSession, forgery: &str) -> Result<Secret, Halt> {
        let token = session.refresh_token().ok_or_else(|| Halt::Untestable(NO_TOKEN.to_owned()))?;
        let forged = forged_value(forgery, token.expose(), &mut self.rng);
        forged.map(Secret::new).ok_or_else(|| Halt::Untestable(UNFORGED.to_owned()))
    }
}
