//! Refreshes of a session that a check has for itself.

use super::noting::note;
use super::resource::second_counts;
use super::session::{KeptSession, started};
use super::told::{Told, granted, later_counts, refused};
use super::{Halt, Stage};
use crate::check::step::{ExtraScope, RefreshChange, SessionAct, SessionStep, Step, Want};
use crate::drive::login::{Distance, HeldCredential, LoginSession, Logins, Renewed};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome, Place};
use crate::plan::Action;
use crate::scheme::forged_value;
use crate::secret::Secret;

/// Why nothing is used twice: a credential is, all the time.
const OF_CREDENTIAL: &str =
    "the refresh of the login sends the credential itself: there is no refresh token that could be used twice";
/// Why nothing takes the place of a refresh token.
const NO_TOKEN: &str = "the refresh of the login takes no token from an answer";
/// Why a refresh token cannot be forged.
const UNFORGED: &str = "the refresh token is too short to be changed";
/// Why no part of a scope can be asked for.
const FEW_SCOPES: &str = "no two values of the scope of the login are known";
/// A scope that no server has.
const INVENTED_SCOPE: &str = "authbench-no-such-scope";
/// OpenID Connect Core 1.0 §3.1.2.1 and §11.
const OF_PROTOCOL: [&str; 2] = ["openid", "offline_access"];
/// Why an access token in its place shows nothing.
const THE_SAME: &str = "the refresh token is the access token";

impl Stage<'_> {
    pub(super) async fn refresh(
        &mut self,
        identity: usize,
        slot: &'static str,
        want: Want,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let logins = &self.prober.equipment.logins;
        let wants_refusal = matches!(want, Want::Denied(_));
        let was_renewed = evidence.observations.iter().any(|seen| {
            let act = match self.check.steps[seen.step] {
                Step::Session(SessionStep { act, .. }) => Some(act),
                _ => None,
            };
            matches!(act, Some(SessionAct::Refresh(_))) && seen.outcome == Outcome::Granted
        });
        // what a check refreshes if it can need be no token that is used once
        let is_optional = self.check.steps.iter().any(
            |step| matches!(step, Step::Session(SessionStep { act: SessionAct::RefreshIfAny(own), .. }) if *own == slot),
        );
        if wants_refusal && !is_optional && self.kept_session(slot)?.session.renews_by_credential() {
            return Err(Halt::Inapplicable(OF_CREDENTIAL.to_owned()));
        }
        if wants_refusal {
            // its family ends, or should: there is nothing left to log out of
            self.sessions.values_mut().for_each(|kept| kept.lives = false);
        }
        if wants_refusal && let Some(used) = self.kept_session(slot)?.session.refresh_token() {
            let is_current = |(name, kept): (&&str, &KeptSession)| {
                *name != slot && kept.session.refresh_token().as_ref() == Some(&used)
            };
            evidence.refresh_token_stays = was_renewed && self.sessions.iter().any(is_current);
        }
        let kept = started(&mut self.sessions, slot)?;
        evidence.refreshing_client_authenticates = kept.session.refreshes_for_a_client();
        let before = kept.session.clone();
        let mut ended = kept.session.refreshed_patiently(logins, wants_refusal).await;
        if let (Ok(held), false) = (&ended, wants_refusal) {
            let name = &self.prober.subject().identities[identity].name;
            note(kept.session.exchanges(), kept.session.procedure(), evidence);
            ended = Ok(Box::pin(unlike(logins, (name, &before), &mut kept.session, held.clone())).await);
        }
        let session = kept.session.clone();
        let exchange = session.exchanges().last().cloned();
        note(session.exchanges(), session.procedure(), evidence);
        match ended {
            Ok(held) => {
                if wants_refusal && was_renewed && self.ends_with_reuse() {
                    self.has_to_rotate(identity, &session, evidence).await?;
                }
                self.keep_session(slot, held, evidence);
                Ok(granted(exchange))
            }
            Err(error) => refused(&error, exchange),
        }
    }

    /// The same refresh three times at once.
    pub(super) async fn refresh_at_once(
        &mut self,
        action: &Action,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let logins = &self.prober.equipment.logins;
        let kept = started(&mut self.sessions, slot)?;
        if kept.session.renews_by_credential() {
            return Err(Halt::Inapplicable(OF_CREDENTIAL.to_owned()));
        }
        kept.lives = false;
        let [mut one, mut two, mut three] = std::array::from_fn(|_| kept.session.clone().keeping(Distance::Any));
        // the token of the login may be the one of this second
        let turn = logins.turn(Distance::Always).await;
        let ended = tokio::join!(one.refreshed_only(logins), two.refreshed_only(logins), three.refreshed_only(logins));
        drop(turn);
        let (mut all, mut renewed) = (Vec::new(), Vec::new());
        for (session, ended) in [(one, ended.0), (two, ended.1), (three, ended.2)] {
            note(session.exchanges(), session.procedure(), evidence);
            let exchange = session.exchanges().last().cloned();
            all.push(match ended {
                Ok(held) => {
                    values::note_text(held.proof.secret(), evidence);
                    renewed.push(session);
                    granted(exchange)
                }
                Err(error) => refused(&error, exchange)?,
            });
        }
        // within a tolerated overlap it shows nothing, whoever else can use it
        if evidence.rotation_overlap.is_zero()
            && let [.., one, _] = renewed.as_slice()
        {
            self.has_to_rotate(identity, one, evidence).await?;
        }
        all.into_iter().for_each(|told| told.observe(action, Place::Login, evidence));
        Ok(())
    }

    /// A refresh that has to be refused, and whether its answer is a server error that comes again.
    pub(super) async fn changed_refresh(
        &mut self,
        identity: usize,
        slot: &'static str,
        change: RefreshChange,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let procedure = match change {
            RefreshChange::MoreScope(_) | RefreshChange::LessScope => {
                let scope = self.scope_for(identity, slot, change)?;
                let scope = scope.ok_or_else(|| Halt::Inapplicable(FEW_SCOPES.to_owned()))?;
                self.login_of(identity)?.1.refreshing_for(&scope)
            }
            _ => self.prober.subject().changed_refresh(identity, change),
        };
        let procedure = procedure.ok_or_else(|| Halt::Untestable(NO_TOKEN.to_owned()))?;
        let kept = started(&mut self.sessions, slot)?;
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
            _ => None,
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
        let again = self.sent_by(session.keeping(Distance::Always), evidence).await?;
        let same = again.outcome == told.outcome;
        // the refresh that broke may have used the refresh token of the login up
        let counts = match change {
            RefreshChange::OtherEnd | RefreshChange::Unknown | RefreshChange::AccessToken => {
                later_counts(told.outcome, again.outcome)
            }
            _ => second_counts(told.outcome, again.outcome, false),
        };
        Ok((if counts { again } else { told }, same))
    }

    /// Whether a changed refresh has nothing to say of this login: a token endpoint need not issue refresh tokens (RFC 6749 §5.1), and
    /// the scope of another credential may be no other one.
    pub(super) fn is_left_out(&self, identity: usize, slot: &str, change: RefreshChange) -> Result<bool, Halt> {
        Ok(match change {
            RefreshChange::MoreScope(ExtraScope::OfAnother) => self.scope_for(identity, slot, change)?.is_none(),
            _ => change.is_beside_login() && self.kept_session(slot)?.session.refresh_token().is_none(),
        })
    }

    /// The scope that a changed refresh asks for; none where the scope of the login is not known, or none fits.
    fn scope_for(&self, identity: usize, slot: &str, change: RefreshChange) -> Result<Option<String>, Halt> {
        let own = self.kept_session(slot)?.session.scope();
        let more = |extra: &str| {
            let mut all = own.clone().unwrap_or_default();
            all.push(extra.to_owned());
            all.join(" ")
        };
        Ok(match (change, &own) {
            (RefreshChange::MoreScope(ExtraScope::Invented), _) => Some(more(INVENTED_SCOPE)),
            (RefreshChange::MoreScope(ExtraScope::OfAnother), Some(own)) => {
                let lacked = self.prober.subject().lacked_scope(identity);
                lacked.filter(|lacked| !own.iter().any(|one| one == lacked)).map(more)
            }
            // a scope that means something to the protocol is no part of what a token opens
            (RefreshChange::LessScope, Some(own)) if own.len() > 1 => {
                own.iter().find(|one| !OF_PROTOCOL.contains(&one.as_str())).cloned()
            }
            _ => None,
        })
    }

    /// The refresh of a session, which is given back to be logged out where it was renewed.
    pub(super) async fn sent_by(&self, mut session: LoginSession, evidence: &mut Evidence) -> Result<Told, Halt> {
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

/// What a session holds after a refresh, which is sent once more in another second where it gave nothing new: a token that is made of
/// the time in seconds is the one from before then.
async fn unlike(
    logins: &Logins,
    (name, before): (&str, &LoginSession),
    session: &mut LoginSession,
    held: HeldCredential,
) -> HeldCredential {
    let alike = |after: &LoginSession| {
        let token = |session: &LoginSession| session.held()?.token.as_ref().map(|token| token.value.clone());
        let all = [
            (Renewed::Credential, token(before), token(after)),
            (Renewed::RefreshToken, before.refresh_token(), after.refresh_token()),
        ];
        let same = all.into_iter().filter(|(_, before, after)| before.is_some() && before == after);
        same.map(|(renewed, ..)| renewed).collect::<Vec<_>>()
    };
    if alike(session).into_iter().all(|renewed| logins.is_constant(renewed, name)) {
        return held;
    }
    let mut again = session.clone().keeping(Distance::Always);
    let Ok(later) = again.refreshed_only(logins).await else { return held };
    alike(&again).into_iter().for_each(|renewed| logins.note_constant(renewed, name));
    *session = again.keeping(Distance::WhereNeeded);
    later
}
