//! Steps about logins: sessions that a check has for itself, what becomes of them, and logins that are wrong on purpose.

use std::collections::HashMap;
use std::sync::Arc;

use super::cookies::{cookies_left_out, set_by_login};
use super::noting::note;
use super::told::{Told, granted, refused};
use super::{Halt, Kept, Stage};
use crate::check::step::{ExtraScope, LoginRevocation, RefreshChange, SessionAct, SessionStep, Step};
use crate::drive::control::{ControlError, Token};
use crate::drive::login::{Distance, HeldCredential, LoginError, LoginSession, Logins, Renewed};
use crate::drive::probe::{allowance, values};
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Response};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// What stands before random text in a password that is wrong: what rules for passwords ask for.
pub(super) const WRONG: &str = "Wr0ng-";

/// Why nothing is known about what identified a session before its login.
const NOTHING_BEFORE: &str =
    "the login sets no identifier before its last request, and refuses one that it has not set";
/// Why nothing is known of a login within a session.
const NO_LOGIN_WITHIN: &str = "the target takes no login from whoever is logged in already";
/// Why accounts of products show nothing.
const REGISTERS: &str = "the login registers new users: a user that does not exist was logged in, so a default account cannot be distinguished from a new one";
/// Why no refresh asked for a scope of another credential.
const NO_OTHER_SCOPE: &str =
    "a scope of another credential, for nothing says which scope the login has, or it has that one";

/// A session that a check has for itself.
pub(super) struct KeptSession {
    pub(super) session: LoginSession,
    /// Whether it is to be logged out when the check has ended.
    pub(super) lives: bool,
}

impl Stage<'_> {
    pub(super) async fn session(
        &mut self,
        action: &Action,
        identity: usize,
        step: &SessionStep,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let told = match step.act {
            SessionAct::LogIn(slot)
            | SessionAct::LogInSecond(slot)
            | SessionAct::LogInForMoreScope(slot)
            | SessionAct::LogInOfPublicClient(slot) => self.log_in((identity, None), slot, evidence).await?,
            SessionAct::LogInAskingForMore(slot) => Box::pin(self.log_in_asking_for_more(slot, evidence)).await?,
            SessionAct::LogInWithoutOpenId(slot) => {
                Box::pin(self.log_in_without_openid(identity, slot, evidence)).await?
            }
            SessionAct::AskUserInfo(slot) => return Box::pin(self.ask_userinfo(action, slot, evidence)).await,
            SessionAct::LogInLaterIfAlike(slots, slot) => {
                let [one, other] = slots.map(|slot| self.slots.get(slot).map(|kept| kept.token.value.expose()));
                if one != other {
                    return Ok(());
                }
                let (_, procedure) = self.login_of(identity)?;
                let session = Logins::recorded(&procedure).patiently().keeping(Distance::Always);
                self.log_in_by((identity, session), slot, evidence).await?
            }
            SessionAct::LogInAfter(before, slot) => {
                let of_visitor = self.visitors_identifier(identity, evidence).await?;
                let planted = Some(of_visitor.unwrap_or_else(|| Secret::new(&self.random[..32])));
                let told = match self.log_in((identity, planted), slot, evidence).await {
                    Ok(told) => told,
                    // some servers refuse an identifier that they have not set
                    Err(_) => self.log_in((identity, None), slot, evidence).await?,
                };
                let identifier = self.kept_session(slot)?.session.identifier_before().cloned();
                let identifier = identifier.ok_or_else(|| Halt::Untestable(NOTHING_BEFORE.to_owned()))?;
                values::note_text(identifier.expose(), evidence);
                self.slots.insert(before, Kept::of(Token::endless(identifier), None));
                told
            }
            SessionAct::LogInWithin(of, slot) => Box::pin(self.log_in_within(identity, of, slot, evidence)).await?,
            SessionAct::LogOutFromForeignPageBare(slot) => {
                match Box::pin(self.log_out_from_foreign_page_bare(slot, evidence)).await? {
                    Some(told) => told,
                    None => return Ok(()),
                }
            }
            SessionAct::LogOutFromForeignPage(slot)
            | SessionAct::LogOutFromForeignPageAsText(slot)
            | SessionAct::FollowLogoutLink(slot) => {
                match Box::pin(self.log_out_from_foreign_page(slot, step.act, evidence)).await? {
                    Some(told) => told,
                    None => return Ok(()),
                }
            }
            SessionAct::DefaultAccount(_) if self.registers_whoever_comes(evidence) => {
                return Err(Halt::Inapplicable(REGISTERS.to_owned()));
            }
            SessionAct::TryLogIn => match self.try_log_in(identity, evidence).await? {
                Some(told) => told,
                None => return Ok(()),
            },
            SessionAct::WrongPassword => self.wrong_login(identity, false, evidence).await?,
            act @ (SessionAct::Unusual(..)
            | SessionAct::ObjectMember(..)
            | SessionAct::Malformed(_)
            | SessionAct::InQuery(_)
            | SessionAct::NearPassword(_)
            | SessionAct::ChangedGrant(_)
            | SessionAct::FromForeignPage
            | SessionAct::FromForeignForm
            | SessionAct::ReturningTo(_)
            | SessionAct::NamingHost(_)
            | SessionAct::OtherSpelling(_)
            | SessionAct::DefaultAccount(_)) => {
                let (told, reproduced) = Box::pin(self.unusual_login(identity, act, evidence)).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::TwoUsers(order, slot) => {
                let (told, reproduced) = Box::pin(self.two_users(identity, order, slot, evidence)).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::PageReturningTo(site) => {
                let (told, reproduced) = Box::pin(self.page_returning_to(identity, site)).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::OtherMethod(method) => Box::pin(self.other_method(identity, method)).await?,
            SessionAct::BeforeCode => return Box::pin(self.before_code(action, identity, evidence)).await,
            SessionAct::ChangedCode(change) => {
                return Box::pin(self.changed_code(action, identity, change, evidence)).await;
            }
            SessionAct::GuessPasswords => return Box::pin(self.guess_passwords(action, identity, evidence)).await,
            SessionAct::TryCodeAccount => return Box::pin(self.try_code_account(action, evidence)).await,
            SessionAct::GuessCodes => return Box::pin(self.guess_codes(action, evidence)).await,
            SessionAct::GuessAtOnce => return Box::pin(self.guess_at_once(action, identity, evidence)).await,
            SessionAct::TryGuessedAccount => {
                return Box::pin(self.try_guessed_account(action, identity, evidence)).await;
            }
            SessionAct::TryGuessedElsewhere => {
                return Box::pin(self.try_guessed_elsewhere(action, identity, evidence)).await;
            }
            SessionAct::GuessSpelled(_) | SessionAct::GuessForwarded | SessionAct::GuessOnceMore => {
                return Box::pin(self.guess_once_more(action, identity, step.act, evidence)).await;
            }
            SessionAct::UnknownUser => self.wrong_login(identity, true, evidence).await?,
            SessionAct::PageOfRefusal => match Box::pin(self.page_of_refusal(evidence)).await {
                Some(told) => told,
                None => return Ok(()),
            },
            SessionAct::CompareUsers => return Box::pin(self.compare_users(action, identity, evidence)).await,
            SessionAct::Copy(from, to) => {
                let session = self.kept_session(from)?.session.clone();
                self.sessions.insert(to, KeptSession { session, lives: false });
                if let Some(kept) = self.slots.get(from).cloned() {
                    self.slots.insert(to, kept);
                }
                return Ok(());
            }
            SessionAct::RepeatCode(slot) => Box::pin(self.repeat_code(slot, evidence)).await?,
            SessionAct::UseCodeAtOnce => {
                for told in Box::pin(self.use_code_at_once(identity, evidence)).await? {
                    told.observe(action, Place::Login, evidence);
                }
                return Ok(());
            }
            SessionAct::AuthorizationRequest(change) => {
                let (told, reproduced) = Box::pin(self.changed_authorization(identity, change, evidence)).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::OtherRedirection(uri) => Box::pin(self.other_redirection(identity, uri, evidence)).await?,
            SessionAct::Refresh(slot) | SessionAct::RefreshIfAny(slot) => {
                self.refresh(identity, slot, step.want, evidence).await?
            }
            SessionAct::TryRefresh(slot) => match self.refresh(identity, slot, step.want, evidence).await {
                Ok(told) => told,
                // that it cannot be used is for other checks to say
                Err(Halt::Untestable(_) | Halt::Obstacle(_)) => return Ok(()),
                Err(halt) => return Err(halt),
            },
            SessionAct::RefreshChanged(slot, change) if self.is_left_out(identity, slot, change)? => {
                if change == RefreshChange::MoreScope(ExtraScope::OfAnother) {
                    evidence.facts.push(("not tried:", NO_OTHER_SCOPE.to_owned()));
                }
                return Ok(());
            }
            SessionAct::RefreshChanged(slot, change) => {
                let (told, reproduced) = self.changed_refresh(identity, slot, change, evidence).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::RefreshAtOnce(slot) => {
                return self.refresh_at_once(action, identity, slot, evidence).await;
            }
            SessionAct::RefreshByCookies(slot, attribute) => {
                return Box::pin(self.refresh_by_cookies(action, slot, attribute, evidence)).await;
            }
            SessionAct::RefreshToken(of, slot) => {
                let token = self.kept_session(of)?.session.refresh_token();
                let why = "the refresh of the login takes no token from an answer";
                let token = token.ok_or_else(|| Halt::Untestable(why.to_owned()))?;
                values::note_text(token.expose(), evidence);
                self.slots.insert(slot, Kept::of(Token::endless(token), None));
                return Ok(());
            }
            SessionAct::IdToken(of, slot) => {
                let own = self.kept(of)?.token.value.expose().to_owned();
                let answers = evidence.observations.iter().rev().filter_map(|seen| seen.exchange.response());
                let token = answers.into_iter().find_map(|answer| answer.json_text("id_token"));
                let token = token.ok_or_else(|| Halt::Inapplicable("the login returns no `id_token`".to_owned()))?;
                if token == own {
                    return Err(Halt::Inapplicable("the ID token is the credential of the login".to_owned()));
                }
                values::note_text(&token, evidence);
                self.slots.insert(slot, Kept::of(Token::endless(Secret::new(token)), None));
                return Ok(());
            }
            SessionAct::Revoke(slot, by) => {
                let told = Box::pin(self.revoke_at_issuer(identity, slot, by, evidence)).await?;
                told.observe(action, Place::Revocation, evidence);
                return Ok(());
            }
            SessionAct::LogOut(slot) | SessionAct::LogOutWholly(slot) => self.log_out(slot, evidence).await?,
            SessionAct::LogOutWithoutSession(slot, without) => {
                let (told, reproduced) = Box::pin(self.log_out_without_session(slot, without, evidence)).await?;
                told.observe_as(action, Place::Login, reproduced, evidence);
                return Ok(());
            }
            SessionAct::ChangePassword(slot) => self.change_password(identity, slot, evidence).await?,
            SessionAct::ChangePasswordWrongly(slot) => {
                Box::pin(self.change_password_wrongly(identity, slot, evidence)).await?
            }
            SessionAct::ChangePasswordWithout(lack) => {
                match Box::pin(self.change_password_without(identity, lack, evidence)).await? {
                    Some(told) => told,
                    None => return Ok(()),
                }
            }
            SessionAct::ChangePasswordTo(chosen) => {
                Box::pin(self.change_password_to(identity, chosen, evidence)).await?
            }
            SessionAct::RegisterPlain => Box::pin(self.register_plain(identity, evidence)).await?,
            SessionAct::RegisterPlainAgain => Box::pin(self.register_plain_again(identity, evidence)).await?,
            SessionAct::RegisterRaised(by) => match Box::pin(self.register_raised(identity, by, evidence)).await? {
                Some(told) => told,
                None => return Ok(()),
            },
            SessionAct::Register => Box::pin(self.register(identity, evidence)).await?,
            SessionAct::RegisterWith(chosen) => Box::pin(self.register_with(identity, chosen, evidence)).await?,
            SessionAct::RegisterAgain(spelling) => Box::pin(self.register_again(identity, spelling, evidence)).await?,
            SessionAct::RegisterName(name) => Box::pin(self.register_name(identity, name, evidence)).await?,
            act @ (SessionAct::AskForReset | SessionAct::AskForResetOfNobody) => {
                let of_nobody = act == SessionAct::AskForResetOfNobody;
                Box::pin(self.ask_for_reset(identity, of_nobody, evidence)).await?
            }
            SessionAct::ReadResetMail(host) => Box::pin(self.read_reset_mail(identity, host, evidence)).await?,
            SessionAct::CompleteReset => Box::pin(self.complete_reset(identity, evidence)).await?,
            SessionAct::FormerPassword => Box::pin(self.log_in_with_former(evidence)).await?,
            SessionAct::CompleteResetAgain => Box::pin(self.complete_reset_again(evidence)).await?,
            SessionAct::CompleteExpendableReset => Box::pin(self.complete_expendable_reset(identity, evidence)).await?,
            SessionAct::GuessResetTokens => return Box::pin(self.guess_reset_tokens(action, evidence)).await,
            SessionAct::CompleteAfterGuesses => match Box::pin(self.complete_after_guesses(evidence)).await? {
                Some(told) => told,
                None => return Ok(()),
            },
            SessionAct::CompleteResetOfOther => Box::pin(self.complete_reset_of_other(identity, evidence)).await?,
            SessionAct::PageWithMalformedCookies(slot) => {
                return Box::pin(self.page_with_malformed_cookies(action, slot, evidence)).await;
            }
            SessionAct::AwaitOverlap => {
                let delay = self.prober.subject().tolerances.rotation_delay;
                let _shown = allowance::shown("the tolerated delay of a rotation", Some(delay));
                tokio::time::sleep(delay).await;
                return Ok(());
            }
        };
        told.observe(action, Place::Login, evidence);
        if let SessionAct::LogIn(slot) | SessionAct::TryRefresh(slot) = step.act {
            self.note_stated_life(slot, evidence);
        }
        Ok(())
    }

    /// Notes how long a token lives, where the scenario names the place of the answer that says it.
    fn note_stated_life(&self, slot: &str, evidence: &mut Evidence) {
        use crate::plan::login::CredentialEnd::{At, InMilliseconds, InSeconds};
        let (Ok(kept), Ok(session)) = (self.kept(slot), self.kept_session(slot)) else { return };
        let is_named = matches!(session.session.procedure().end, InSeconds(_) | InMilliseconds(_) | At(_));
        if let (true, Some(life), Some(last)) =
            (is_named, kept.token.lifetime, evidence.observations.len().checked_sub(1))
        {
            evidence.stated_lives.push((last, life));
        }
    }

    /// Whether a user that nobody has was let in.
    fn registers_whoever_comes(&self, evidence: &Evidence) -> bool {
        let is_of_nobody = |seen: &Observation| match &self.check.steps[seen.step] {
            Step::Session(step) => step.act == SessionAct::UnknownUser,
            _ => false,
        };
        evidence.observations.iter().any(|seen| seen.outcome == Outcome::Granted && is_of_nobody(seen))
    }

    /// Gives back the sessions that the check has not ended: they are logged out when the run ends.
    pub(super) fn give_sessions_back(&mut self) {
        for (_, kept) in self.sessions.drain().filter(|(_, kept)| kept.lives) {
            self.prober.equipment.logins.give_back(kept.session);
        }
    }

    /// The identifier that the server gives to whoever is not logged in, where it gives one: it may refuse one that it has not made.
    async fn visitors_identifier(&self, identity: usize, evidence: &mut Evidence) -> Result<Option<Secret>, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let (Some(name), Some(main)) = (procedure.cookie(), self.prober.subject().main_resource()) else {
            return Ok(None);
        };
        let mut given = Vec::new();
        for _ in 0..2 {
            let answered = self.prober.send_to(main, &self.prober.bare_request(main)).await;
            given.push(answered.response().and_then(|answer| set_to(answer, name)).filter(|value| !value.is_empty()));
        }
        // what two visitors get alike identifies neither: it takes a cookie away
        let alike = given[0] == given[1];
        let identifier = given.pop().flatten().filter(|_| !alike).map(Secret::new);
        identifier.iter().for_each(|identifier| values::note_text(identifier.expose(), evidence));
        Ok(identifier)
    }

    /// Logs in with the cookie of a session that is open.
    async fn log_in_within(
        &mut self,
        identity: usize,
        of: &'static str,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        evidence.logs_in_as_another = self.prober.subject().login_identity() != Some(identity);
        let kept = started(&mut self.sessions, of)?;
        kept.session.may_have_ended();
        let session = Logins::recorded(&procedure).within(&kept.session);
        self.log_in_by((identity, session), slot, evidence).await
    }

    /// Logs in, with an identifier planted that the server has not set, where one is given.
    async fn log_in(
        &mut self,
        (identity, planted): (usize, Option<Secret>),
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        self.log_in_by((identity, Logins::recorded(&procedure).planting(planted)), slot, evidence).await
    }

    async fn log_in_by(
        &mut self,
        (identity, mut session): (usize, LoginSession),
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        if logins.failures_left(&name, &procedure).await == 0 {
            let error = logins.too_many_failures(&name, &procedure).await;
            return Err(Halt::Obstacle(format!("no credential for {name}: {error}")));
        }
        let distance = session.distance().max(Distance::WhereNeeded);
        session = session.keeping(distance);
        let fresh = session.clone();
        let mut ended = session.renewed_patiently(logins).await;
        logins.note_end(&name, ended.as_ref().map(drop));
        if ended.is_ok() && std::ptr::eq(session.procedure(), &*procedure) && !session.is_within_another() {
            logins.note_usual(&name, &session);
        }
        note(session.exchanges(), &procedure, evidence);
        if let Ok((held, _)) = &ended
            && self.is_held_already(held)
            && !logins.is_constant(Renewed::Login, &name)
        {
            // one that is made of the time in seconds is the one of another login then
            let mut later = fresh.keeping(Distance::Always);
            let again = later.renewed_patiently(logins).await;
            note(later.exchanges(), &procedure, evidence);
            if let Ok((held, _)) = &again {
                if !later.is_within_another() && self.is_held_already(held) {
                    logins.note_constant(Renewed::Login, &name);
                }
                (session, ended) = (later.keeping(Distance::WhereNeeded), again);
            }
        }
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        let (held, _) = ended.map_err(|error| match &error {
            // whoever is logged in already may be refused, or sent elsewhere before there is a form
            ControlError::Login(
                LoginError::Refused { status: ..500, .. }
                | LoginError::MissingValue { .. }
                | LoginError::LedToClient { .. },
            ) if session.is_within_another() => Halt::Inapplicable(NO_LOGIN_WITHIN.to_owned()),
            _ => Halt::Obstacle(logins.explained(&name, &error)),
        })?;
        evidence.session_cookie = procedure.cookie().map(str::to_owned);
        evidence.login_cookies = set_by_login(&session);
        self.note_declared(procedure.cookie(), evidence);
        evidence.authorization = procedure.authorization_request();
        let sets = |exchange: &&Exchange| sets_cookie(exchange.response(), procedure.cookie());
        let exchange = session.exchanges().iter().rev().find(sets).or(session.exchanges().last()).cloned();
        self.keep_session(slot, held, evidence);
        let left_out = cookies_left_out(&session);
        self.slots.entry(slot).and_modify(|kept| kept.others.extend(left_out));
        self.sessions.insert(slot, KeptSession { session, lives: true });
        Ok(granted(exchange))
    }

    /// Whether another login of the check has given this credential.
    fn is_held_already(&self, held: &HeldCredential) -> bool {
        let token = held.token.as_ref().map_or(held.proof.secret(), |token| token.value.expose());
        self.slots.values().any(|kept| kept.token.value.expose() == token)
    }

    async fn log_out(&mut self, slot: &'static str, evidence: &mut Evidence) -> Result<Told, Halt> {
        if let Some(left) = self.slots.get(slot).and_then(Kept::self_contained) {
            evidence.self_contained = Some(left);
        }
        let kept = started(&mut self.sessions, slot)?;
        kept.lives = false;
        let ended = kept.session.log_out(&self.prober.equipment.logins).await;
        note(kept.session.exchanges(), kept.session.procedure(), evidence);
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        let (last, before) = kept.session.exchanges().split_last().map_or((None, &[][..]), |(l, b)| (Some(l), b));
        Ok(Told { before: before.to_vec(), ..granted(last.cloned()) })
    }

    /// Asks the revocation endpoint of the issuer to revoke the token of a session, whatever comes of it.
    async fn revoke_at_issuer(
        &mut self,
        identity: usize,
        slot: &'static str,
        by: LoginRevocation,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let procedure = self.prober.subject().revoking(identity, by);
        let procedure = procedure.ok_or_else(|| Halt::Untestable("no revocation endpoint".to_owned()))?;
        let kept = started(&mut self.sessions, slot)?;
        kept.session.may_have_ended();
        let mut session = kept.session.by(procedure);
        let ended = session.log_out(&self.prober.equipment.logins).await;
        note(session.exchanges(), session.procedure(), evidence);
        let exchange = session.exchanges().last().cloned();
        match ended {
            Ok(()) => Ok(granted(exchange)),
            Err(error) => refused(&error, exchange),
        }
    }

    /// The logout of a session as a page of another site makes a browser send it, whatever comes of it; none where no such page can.
    async fn log_out_from_foreign_page(
        &mut self,
        slot: &'static str,
        act: SessionAct,
        evidence: &mut Evidence,
    ) -> Result<Option<Told>, Halt> {
        let kept = started(&mut self.sessions, slot)?;
        let foreign = match act {
            SessionAct::FollowLogoutLink(_) => kept.session.clone().with_logout_link(),
            SessionAct::LogOutFromForeignPageAsText(_) => kept.session.clone().with_foreign_logout_as_text(),
            _ => kept.session.clone().with_foreign_logout(),
        };
        let Some(mut foreign) = foreign else { return Ok(None) };
        kept.session.may_have_ended();
        let ended = foreign.log_out(&self.prober.equipment.logins).await;
        note(foreign.exchanges(), foreign.procedure(), evidence);
        // a cookie that holds the session is another one after its logout
        if let Some(left) = foreign.cookie_left() {
            values::note_text(left.expose(), evidence);
            if let Some(kept) = self.slots.get_mut(slot) {
                kept.token.value = left;
            }
        }
        let exchange = foreign.exchanges().last().cloned();
        match ended {
            Ok(()) => Ok(Some(granted(exchange))),
            Err(error) => refused(&error, exchange).map(Some),
        }
    }

    pub(super) fn login_of(&self, identity: usize) -> Result<(String, Arc<LoginProcedure>), Halt> {
        let subject = self.prober.subject();
        let procedure = subject.procedure_of(identity).cloned();
        let procedure = procedure.ok_or_else(|| Halt::Untestable("no login".to_owned()))?;
        Ok((subject.identities[identity].name.clone(), procedure))
    }

    pub(super) fn kept_session(&self, slot: &str) -> Result<&KeptSession, Halt> {
        self.sessions.get(slot).ok_or_else(|| Halt::Obstacle("no session was started".to_owned()))
    }

    /// Keeps what a session holds as a credential.
    pub(super) fn keep_session(&mut self, slot: &'static str, held: HeldCredential, evidence: &mut Evidence) {
        values::note_text(held.proof.secret(), evidence);
        let others = self.prober.others_of(&held);
        let held = self.prober.without_others(held);
        let token = held.token.unwrap_or_else(|| Token::endless(Secret::new(held.proof.secret())));
        self.slots.insert(slot, Kept { companions: held.companions, others, ..Kept::of(token, None) });
    }
}

/// A session that the check has for itself, to be used.
pub(super) fn started<'a>(
    sessions: &'a mut HashMap<&'static str, KeptSession>,
    slot: &str,
) -> Result<&'a mut KeptSession, Halt> {
    sessions.get_mut(slot).ok_or_else(|| Halt::Obstacle("no session was started".to_owned()))
}

/// A user-id in the form of another that nobody has.
pub(super) fn unknown_user(known: &str, random: &str) -> String {
    match known.split_once('@') {
        Some((_, domain)) => format!("{random}@{domain}"),
        None => random.to_owned(),
    }
}

fn sets_cookie(answer: Option<&Response>, name: Option<&str>) -> bool {
    answer.zip(name).is_some_and(|(answer, name)| set_to(answer, name).is_some())
}

/// The last value that an answer gives a cookie.
pub(super) fn set_to(answer: &Response, name: &str) -> Option<String> {
    let pairs = answer.header_values("set-cookie").filter_map(|line| {
        let (own, value) = line.split(';').next()?.split_once('=')?;
        (own.trim() == name).then(|| value.trim().to_owned())
    });
    pairs.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_has_the_form_of_a_known_one() {
        assert_eq!(unknown_user("alice@example.test", "xyz"), "xyz@example.test");
        assert_eq!(unknown_user("alice", "xyz"), "xyz");
    }
}
