//! Accounts whose registration asks for rights that nobody offered.

use std::sync::Arc;

use super::account::RegistrationOutcome;
use super::noting::note;
use super::told::{Told, granted, refused};
use super::{Halt, Stage};
use crate::check::step::{ChosenPassword, RaisedBy};
use crate::drive::login::{HeldCredential, Logins, may_have_been_done};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome};
use crate::plan::login::LoginProcedure;

/// Why the rights of a new account are unknown.
const NO_LOGIN: &str = "a user who has just been registered does not log in (the account may have to be confirmed): nothing shows what \
                        a new account may do";
/// Why no refusal of a new account shows anything.
const OPENS_NOTHING: &str =
    "a new account opens no resource of the scenario: add one that every account may use, such as its own profile";
/// What to add where there is nothing that a right would open.
const ADD_RIGHT: &str =
    "add one that only administrators may use, with the `scopes` that it needs, and a credential that has them";
/// Why what refuses a new account shows nothing.
const REFUSES_ALL: &str = "what refuses a new account refuses the credentials of the scenario as well";
/// Why a registration with more members shows nothing.
const RAISED_OPENS_NOTHING: &str = "the account does not open what other new accounts open";
/// Why access shows nothing.
const OPEN_TO_ALL_NOW: &str = "the account that was registered before opens it by now, or opens nothing any more";

/// An account that was registered as the scenario has it.
pub(super) struct Newcomer {
    /// How it logs in.
    login: Arc<LoginProcedure>,
    /// What it opens.
    open: usize,
    /// What it does not open, and a credential of the scenario does.
    closed: Vec<usize>,
}

impl Stage<'_> {
    /// Registers a user, and notes what the new account may not use.
    pub(super) async fn register_plain(&mut self, identity: usize, evidence: &mut Evidence) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let password = self.registered_password(ChosenPassword::Good);
        let RegistrationOutcome { procedure: theirs, exchanges, ended } =
            self.registered_by(&procedure, password, evidence).await?;
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        let held = self.newcomer_held(&theirs, evidence).await?;
        let held = held.ok_or_else(|| Halt::Untestable(NO_LOGIN.to_owned()))?;
        let subject = self.prober.subject();
        let (mut open, mut closed, mut broken) = (None, Vec::new(), false);
        for writes in [false, true] {
            for resource in subject.beyond_new_accounts(writes) {
                match self.used(&held, resource, evidence).await {
                    Outcome::Granted if !writes => drop(open.get_or_insert(resource)),
                    Outcome::Refused => match self.opens_to_good(resource, evidence).await? {
                        true => closed.push(resource),
                        false => broken = true,
                    },
                    _ => {}
                }
            }
            // a write disturbs more
            if !closed.is_empty() {
                break;
            }
        }
        let open = open.ok_or_else(|| Halt::Untestable(OPENS_NOTHING.to_owned()))?;
        let needs_right = |at: &usize| !subject.resources[*at].scopes.is_empty();
        if !closed.iter().any(needs_right) {
            return Err(match (broken, closed.is_empty()) {
                (true, _) => Halt::Obstacle(REFUSES_ALL.to_owned()),
                (false, true) => {
                    Halt::Untestable(format!("a new account opens each resource that was tried: {ADD_RIGHT}"))
                }
                (false, false) => {
                    Halt::Untestable(format!("what refuses a new account needs no `scopes`: {ADD_RIGHT}"))
                }
            });
        }
        let names: Vec<String> = closed.iter().map(|at| subject.resources[*at].name()).collect();
        evidence.facts.push(("refuses a new account:", names.join(", ")));
        self.newcomer = Some(Newcomer { login: theirs, open, closed });
        Ok(granted(exchanges.last().cloned()))
    }

    /// Registers a user with members that give rights where they are believed. Granted is what opens a resource that refuses other
    /// new accounts. None where the account shows nothing.
    pub(super) async fn register_raised(
        &mut self,
        identity: usize,
        by: RaisedBy,
        evidence: &mut Evidence,
    ) -> Result<Option<Told>, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let no_plain = || Halt::Obstacle("no account was registered as the scenario has it".to_owned());
        let Newcomer { open, closed, .. } = self.newcomer.as_ref().ok_or_else(no_plain)?;
        let (open, closed) = (*open, closed.clone());
        let subject = self.prober.subject();
        let raising = procedure.registering_with(&subject.raising(by, &closed));
        let raising = raising.ok_or_else(|| Halt::Untestable("the registration has no such body".to_owned()))?;
        let password = self.registered_password(ChosenPassword::Good);
        let RegistrationOutcome { procedure: theirs, exchanges, ended } =
            self.registered_by(&raising, password, evidence).await?;
        let registration = exchanges.last().cloned();
        let not_tried = |evidence: &mut Evidence, why: &str| {
            evidence.facts.push(("not judged:", format!("a registration with {}: {why}", by.described())));
        };
        // a success may look otherwise for an account with more rights: it logs in then
        if let Err(error) = &ended
            && !may_have_been_done(error)
        {
            return Ok(match refused(error, registration) {
                Ok(told) => Some(told),
                Err(_) => {
                    not_tried(evidence, &error.to_string());
                    None
                }
            });
        }
        let Some(held) = self.newcomer_held(&theirs, evidence).await? else {
            not_tried(evidence, RAISED_OPENS_NOTHING);
            return Ok(None);
        };
        let mut opened = None;
        for resource in closed {
            if self.used(&held, resource, evidence).await != Outcome::Granted {
                continue;
            }
            // the other account is asked anew: what it may do may come later than its registration
            let login = self.newcomer.as_ref().ok_or_else(no_plain)?.login.clone();
            let other = self.newcomer_held(&login, evidence).await?;
            match &other {
                Some(other)
                    if self.used(other, open, evidence).await == Outcome::Granted
                        && self.used(other, resource, evidence).await == Outcome::Refused =>
                {
                    opened = Some(resource);
                }
                _ => not_tried(evidence, OPEN_TO_ALL_NOW),
            }
            break;
        }
        if let Some(resource) = opened {
            let why = format!(
                "the new account opens {}, which refuses other new accounts",
                subject.resources[resource].name()
            );
            return Ok(Some(Told { why: Some(why), ..granted(registration) }));
        }
        if self.used(&held, open, evidence).await != Outcome::Granted {
            not_tried(evidence, RAISED_OPENS_NOTHING);
            return Ok(None);
        }
        Ok(Some(Told { outcome: Outcome::Refused, ..granted(registration) }))
    }

    /// Whether a user can still be registered as the scenario has it: where not, what refused the others may be a limit.
    pub(super) async fn register_plain_again(
        &mut self,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let password = self.registered_password(ChosenPassword::Good);
        let RegistrationOutcome { exchanges, ended, .. } = self.registered_by(&procedure, password, evidence).await?;
        let registration = exchanges.last().cloned();
        Ok(match ended {
            Ok(_) => granted(registration),
            Err(_) => Told { outcome: Outcome::Refused, ..granted(registration) },
        })
    }

    /// What a new account logs in to; none where it is refused.
    async fn newcomer_held(
        &self,
        theirs: &Arc<LoginProcedure>,
        evidence: &mut Evidence,
    ) -> Result<Option<HeldCredential>, Halt> {
        let logins = &self.prober.equipment.logins;
        let mut session = Logins::recorded(theirs).patiently();
        let ended = session.renewed_patiently(logins).await;
        note(session.exchanges(), theirs, evidence);
        let Ok((held, _)) = ended else { return Ok(None) };
        values::note_text(held.proof.secret(), evidence);
        logins.give_back(session);
        Ok(Some(held))
    }

    /// Whether a credential of the scenario opens what a new account does not.
    async fn opens_to_good(&self, resource: usize, evidence: &mut Evidence) -> Result<bool, Halt> {
        let Some(good) = self.prober.subject().good_for(resource) else { return Ok(false) };
        let held = self.held(good).await?;
        Ok(self.used(&held, resource, evidence).await == Outcome::Granted)
    }
}
