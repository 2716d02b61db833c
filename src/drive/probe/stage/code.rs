//! Steps about authorization codes: one that is used twice, and authorization requests that are changed.

use std::sync::Arc;

use super::noting::note;
use super::session::{KeptSession, started};
use super::told::{Told, granted, later_counts, led_elsewhere, refused};
use super::{Halt, Kept, Stage};
use crate::check::step::{AuthorizationChange, RedirectionUri};
use crate::drive::login::{Distance, Logins, is_break};
use crate::drive::probe::values;
use crate::observe::{Evidence, Exchange, Outcome, Silence};
use crate::plan::login::LoginProcedure;

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
        let logins = &self.prober.equipment.logins;
        let mut ended = again.code_repeated(logins).await;
        note(again.exchanges(), again.procedure(), evidence);
        // whoever takes it again may break only on a token that is the one of the login
        if ended.as_ref().is_err_and(is_break) {
            again = again.keeping(Distance::Always);
            ended = again.code_repeated(logins).await;
            note(again.exchanges(), again.procedure(), evidence);
        }
        let exchange = again.exchanges().last().cloned();
        match ended {
            Ok(held) => Ok(self.opened(held, exchange, evidence).await),
            Err(error) => refused(&error, exchange),
        }
    }

    /// The login of the identity that lacks a scope, which asks for that scope as well; what it returns is kept. A refusal may come
    /// as an error at the redirection URI, or as a page.
    pub(super) async fn log_in_asking_for_more(
        &mut self,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let asking = self.prober.subject().asking_for_lacked_scope();
        let (identity, changed) = asking.ok_or_else(|| Halt::Untestable("no login asks for a scope".to_owned()))?;
        self.log_in_changed((identity, changed), slot, evidence).await
    }

    /// A login whose authorization request is changed in what it asks for; what it returns is kept.
    pub(super) async fn log_in_changed(
        &mut self,
        (identity, changed): (usize, Arc<LoginProcedure>),
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, own) = self.login_of(identity)?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&changed).patiently();
        let ended = session.renewed_patiently(logins).await;
        note(session.exchanges(), &changed, evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        let last = session.exchanges().last().cloned();
        match ended {
            Ok((held, _)) => {
                self.keep_session(slot, held, evidence);
                self.sessions.insert(slot, KeptSession { session, lives: true });
                Ok(granted(last))
            }
            Err(error) => {
                let told = led_elsewhere(&error, last)?;
                self.for_its_change((&name, &own), &session, told)
            }
        }
    }

    /// A code that nobody has used yet, five times at once.
    pub(super) async fn use_code_at_once(
        &mut self,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<Vec<Told>, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&procedure).patiently();
        let ended = session.up_to_the_code(logins).await;
        note(session.exchanges(), &procedure, evidence);
        ended.map_err(|error| Halt::Obstacle(format!("no code for {name}: {error}")))?;
        // some servers make the same token twice in one second, and break on it (see `drive/login/turns`)
        let turn = logins.turn(Distance::Always).await;
        let [mut a, mut b, mut c, mut d, mut e] = std::array::from_fn(|_| session.clone().keeping(Distance::Any));
        let used = tokio::join!(
            a.code_repeated(logins),
            b.code_repeated(logins),
            c.code_repeated(logins),
            d.code_repeated(logins),
            e.code_repeated(logins),
        );
        drop(turn);
        let mut all = Vec::new();
        for (session, ended) in [a, b, c, d, e].into_iter().zip(<[_; 5]>::from(used)) {
            note(session.exchanges(), &procedure, evidence);
            let exchange = session.exchanges().last().cloned();
            all.push(match ended {
                Ok(held) => {
                    values::note_text(held.proof.secret(), evidence);
                    logins.give_back(session);
                    granted(exchange)
                }
                Err(error) => refused(&error, exchange)?,
            });
        }
        Ok(all)
    }

    /// A login whose authorization request names another redirection URI: granted is what leads there, whatever it brings, and of
    /// another spelling of the registered one what brings a code there, too.
    pub(super) async fn other_redirection(
        &mut self,
        identity: usize,
        other: RedirectionUri,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let why = "the login has no redirection URI that could be another one";
        let changed = procedure.redirecting_to(other).ok_or_else(|| Halt::Untestable(why.to_owned()))?;
        let registered = procedure.redirection_uri().filter(|_| other.is_another_spelling());
        // otherwise the code went to the registered one
        let place = procedure.place_of_change(&changed.0);
        self.authorized(
            identity,
            changed,
            (registered, Outcome::Refused),
            (Some(place), Distance::WhereNeeded),
            evidence,
        )
        .await
    }

    /// A login with a changed authorization request: granted is what leads to the redirection URI, with a code or with an error. And
    /// whether its answer is a server error, or none, that comes again.
    pub(super) async fn changed_authorization(
        &mut self,
        identity: usize,
        change: AuthorizationChange,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let why = "the login has no authorization request that could be changed";
        let changed = procedure.authorizing(change).ok_or_else(|| Halt::Untestable(why.to_owned()))?;
        // who asks for a code elsewhere and gets it at the registered redirection URI was not led there
        let elsewhere = match change {
            AuthorizationChange::FaultyElsewhere(_) => Outcome::Refused,
            _ => Outcome::Unclear,
        };
        let place = change.leads_astray().then(|| procedure.place_of_change(&changed.0));
        let first = (place, Distance::WhereNeeded);
        let told = self.authorized(identity, changed.clone(), (None, elsewhere), first, evidence).await?;
        let closed = matches!(told.exchange.answer, Err(Silence::Closed));
        if (told.outcome != Outcome::Broke && !closed) || self.prober.outages.are_caused_by(&told.exchange.request) {
            return Ok((told, false));
        }
        let later = (place, Distance::Always);
        let again = self.authorized(identity, changed, (None, elsewhere), later, evidence).await?;
        let same = again.outcome == told.outcome;
        Ok((if later_counts(told.outcome, again.outcome) { again } else { told }, same))
    }

    /// Logs in with another authorization request: granted is what leads to its redirection URI, and what brings a code to another
    /// one that is given; where the login ends without that, the outcome is the one that is given. The request at a place that is
    /// given comes before the answer that led there, where it is another one.
    async fn authorized(
        &mut self,
        identity: usize,
        (changed, uri): (Arc<LoginProcedure>, String),
        (or_with_code, elsewhere): (Option<String>, Outcome),
        (place, distance): (Option<usize>, Distance),
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, own) = self.login_of(identity)?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&changed).patiently().keeping(distance);
        let ended = session.renewed(logins).await.map(drop);
        note(session.exchanges(), &changed, evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        let with_code = || session.brought_a_code_to(or_with_code.as_deref()?);
        let there = session.led_to(&uri).or_else(with_code).cloned();
        let last = session.exchanges().last().cloned();
        let asked = place.and_then(|place| session.exchanges().get(place)).cloned();
        if let (None, Err(error)) = (&there, &ended) {
            let told = led_elsewhere(error, last)?;
            return self.for_its_change((&name, &own), &session, told);
        }
        if ended.is_ok() {
            logins.give_back(session);
        }
        match (there, ended) {
            (Some(there), _) => {
                let is_another = |asked: &Exchange| asked.request.target != there.request.target;
                let before = asked.into_iter().filter(is_another).collect();
                Ok(Told { before, ..granted(Some(there)) })
            }
            (None, _) => Ok(Told { outcome: elsewhere, ..granted(last) }),
        }
    }
}
