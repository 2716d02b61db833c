//! Who plays which part in a check, and what each step becomes for one target.

mod accounts;
mod asker;
mod by_state;
mod endpoint;
mod fill;
mod forging;
mod login;
mod login_described;
mod login_identity;
mod one_time;
mod reasons;
mod resource;
mod rounds;
mod several;
mod stand_in;

use super::object_write::ObjectWrite;
use super::subject::Subject;
use crate::check::Check;
use crate::check::step::{
    Alter, ClientRole, CookieAttribute, Endpoint, Fetch, Fill, FormAuth, FormStep, Hook, KeyChange, LookedFor, On,
    Send, SessionStep, Step, Who,
};
use crate::observe::{Description, ForgeryId, ForgeryIds};
use crate::scheme::Proof;
pub use several::{READS, RIGHTS};
use stand_in::StandIn;

/// What a check becomes for one target.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What is done, in order.
    pub actions: Vec<Action>,
    /// What is asked before and after, to prove that the target still lets somebody in.
    pub controls: Vec<Control>,
    /// Indices of resources that the check is about and does not visit: there are too many, or the controls would use them up.
    pub not_visited: Vec<usize>,
    /// A part of the check for which the scenario has too little, and why.
    pub not_tried: Option<String>,
}

impl Script {
    /// Resources that its steps ask for.
    pub fn written(&self) -> impl Iterator<Item = usize> {
        self.actions.iter().filter_map(|action| match action.act {
            Act::Send { resource, .. } => Some(resource),
            _ => None,
        })
    }

    /// What it looks back at: no control has to be granted for what other checks have seen.
    pub fn recollection(&self) -> Vec<Action> {
        self.actions.iter().filter(|action| matches!(action.act, Act::LookBack(_))).cloned().collect()
    }

    /// The same without a resource; none where a step would have nothing left to do, unless it asks only where there is what it
    /// changes.
    pub fn without(&self, resource: usize) -> Option<Script> {
        let at = |action: &Action| match &action.act {
            Act::Send { resource, counts, .. } => [Some(*resource), Some(*counts)],
            Act::Compare { resource, .. }
            | Act::AwaitRefusal { resource, .. }
            | Act::AwaitLateRefusal { resource, .. }
            | Act::AwaitAccount { resource, .. }
            | Act::AwaitAcceptance { resource, .. } => [Some(*resource), None],
            _ => [None, None],
        };
        let (gone, actions): (Vec<Action>, Vec<Action>) =
            self.actions.iter().cloned().partition(|action| at(action).contains(&Some(resource)));
        let remains = |gone: &Action| actions.iter().any(|action| action.step == gone.step);
        let of_it = |control: &Control| match control {
            Control::Use { resource: of, .. } | Control::Twin { resource: of, .. } => *of == resource,
            Control::Endpoint { .. } => false,
        };
        let controls = self.controls.iter().filter(|control| !of_it(control)).copied().collect();
        let others_remain =
            !gone.is_empty() && gone.iter().all(|gone| remains(gone) || is_of_some_resources(&gone.act));
        (others_remain && !actions.is_empty()).then(|| Script {
            actions,
            controls,
            not_visited: self.not_visited.clone(),
            not_tried: self.not_tried.clone(),
        })
    }
}

/// Whether a request is sent only to resources whose body has a member in this place.
fn is_of_some_resources(act: &Act) -> bool {
    let is_of_some = |alter: &Alter| matches!(alter, Alter::Member(..) | Alter::ShownMember(..) | Alter::AfterMembers);
    matches!(act, Act::Send { send, .. } if send.alter.iter().any(is_of_some))
}

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Action {
    /// Index of the step in the check.
    pub step: usize,
    /// What it is, for a reader; the driver adds what only it knows.
    pub description: Option<Description>,
    /// What is done.
    pub act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Act {
    /// A request to a resource.
    Send {
        /// Who asks.
        asker: Asker,
        /// Index of the resource.
        resource: usize,
        /// Index of the resource whose success counts as access.
        counts: usize,
        /// The step.
        send: Send,
    },
    /// Two kinds of requests to a resource whose times are compared.
    Compare {
        /// Who asks in one kind.
        one: Asker,
        /// Who asks in the other.
        other: Asker,
        /// Index of the resource.
        resource: usize,
    },
    /// Failed authentications of a known client and of unknown ones whose times are compared.
    CompareClients,
    /// A form post.
    Form(FormStep),
    /// A metadata document.
    Fetch(Fetch),
    /// Obtains a token into a slot.
    Obtain {
        /// The slot.
        slot: &'static str,
        /// Index of the identity whose client asks.
        identity: usize,
        /// Scope to ask for.
        scope: Option<String>,
    },
    /// Keeps a token of the scenario's material in a slot.
    Given {
        /// The slot.
        slot: &'static str,
        /// The token.
        proof: Proof,
    },
    /// What follows does not lean on what came before: it is done also where that could not be.
    Apart,
    /// Revokes the token in a slot.
    Revoke(&'static str),
    /// Waits for the end of the token in a slot.
    AwaitExpiry(&'static str),
    /// Waits until half of the life of a token is over.
    AwaitHalf(&'static str),
    /// Introspects the token in a slot, in the place of a request with it: one that is active has access.
    Introspect(&'static str),
    /// Waits for the token in a slot to be inactive at the introspection endpoint.
    AwaitInactive(&'static str),
    /// Waits for the token in a slot to be refused at a resource.
    AwaitRefusal {
        /// The slot.
        slot: &'static str,
        /// Index of the resource.
        resource: usize,
    },
    /// Waits for a token that was granted past its end to be refused at a resource.
    AwaitLateRefusal {
        /// The slot.
        slot: &'static str,
        /// Index of the resource.
        resource: usize,
    },
    /// Waits until the credential of an account that was disabled, or enabled again, is refused or granted at a resource.
    AwaitAccount {
        /// Index of the identity.
        identity: usize,
        /// Index of the resource.
        resource: usize,
        /// Whether the account was enabled.
        enabled: bool,
    },
    /// Waits until the token in a slot, whose account has lost a right or got it back, is refused or granted at a resource that is read;
    /// where there is none, as long as is tolerated.
    AwaitRight {
        /// The slot.
        slot: &'static str,
        /// Index of the resource.
        resource: Option<usize>,
        /// Whether the account got it back.
        returned: bool,
    },
    /// Something with the login of an identity.
    Session {
        /// Index of the identity.
        identity: usize,
        /// The step.
        step: SessionStep,
    },
    /// Calls a hook.
    Hook(Hook),
    /// Changes the key set that the target reads.
    Keys(KeyChange),
    /// Begins handshakes of old versions of TLS.
    OldVersions,
    /// Asks for a resource in clear text.
    PlainHttp {
        /// Index of the identity whose credential may be sent.
        identity: usize,
        /// Index of the resource.
        resource: usize,
    },
    /// Waits a moment for effects that come late.
    AwaitEffects,
    /// The same where an answer has just said that they do.
    AwaitAccepted,
    /// The same where any check has just written.
    AwaitFormerEffects,
    /// Ends the check where the last answer was not 429, or the target may believe a header of [`crate::check::step::OTHER_SOURCE`].
    WhereThrottled,
    /// Waits for the checks that write beside this one.
    Meet,
    /// Looks back at what all checks have seen.
    LookBack(LookedFor),
    /// Waits for the token in a slot to be granted at a resource.
    AwaitAcceptance {
        /// The slot.
        slot: &'static str,
        /// Index of the resource.
        resource: usize,
    },
}

/// Who asks, by index.
#[derive(Clone, Debug)]
pub enum Asker {
    /// Nobody.
    Anonymous,
    /// An identity with its good credential.
    Identity(usize),
    /// A forgery derived from an identity's credential.
    Forged(usize, ForgeryId),
    /// Each of these forgeries derived from an identity's credential.
    EachForged(usize, ForgeryIds),
    /// All malformed values.
    Malformed,
    /// The token in a slot.
    Slot(&'static str),
    /// The token in a slot, and nothing that goes along with it.
    SlotAlone(&'static str),
    /// The token in a slot, if there is one.
    IfKept(&'static str),
    /// Each cookie that the last answer set.
    AnswerCookies,
    /// An identity with its good credential, and with the name of another in one of its cookies.
    WithNameOf {
        /// Index of the identity.
        own: usize,
        /// Index of the identity whose name is written into its cookies.
        other: usize,
    },
    /// The session in a slot, another cookie of which does not parse.
    WithMalformedCookies(&'static str),
    /// The session in a slot, with other values that answers gave its cookie after its logout.
    RenewedCookies(&'static str),
    /// The cookies of the session in a slot but its own, as its login set them, where one of them is, or may be, a credential of its
    /// own; and before them each that was set by an answer which granted access after its end.
    OtherCookies(&'static str),
    /// Each other cookie of the session in a slot that was set without this attribute, by itself.
    UnguardedCookies(&'static str, CookieAttribute),
    /// The session in a slot, with its header lines for writes as they were before its login.
    EarlierWriteHeaders(&'static str),
    /// An identity with its good credential, and with other header lines for writes than its own.
    OtherWriteHeaders(usize, OtherLines),
    /// A credential that is no identity's, or a forgery derived from it.
    Given(Proof, Option<ForgeryId>),
}

/// Header lines for writes that are not those of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherLines {
    /// None.
    None,
    /// None, and none of its cookies that they repeat.
    NoPair,
    /// Its own, of which those that repeat a cookie have no value, as these cookies have none.
    EmptyPair,
    /// Those of the session in a slot.
    Of(&'static str),
    /// Those of the session in a slot, and its cookies that they repeat.
    PairOf(&'static str),
}

impl Asker {
    /// The identity that asks, or whose credential is forged; none where it is no identity of the scenario.
    pub fn identity(&self) -> Option<usize> {
        match self {
            Asker::Identity(identity)
            | Asker::Forged(identity, _)
            | Asker::EachForged(identity, _)
            | Asker::OtherWriteHeaders(identity, _)
            | Asker::WithNameOf { own: identity, .. } => Some(*identity),
            Asker::Anonymous
            | Asker::Malformed
            | Asker::AnswerCookies
            | Asker::WithMalformedCookies(_)
            | Asker::RenewedCookies(_)
            | Asker::OtherCookies(_)
            | Asker::UnguardedCookies(..)
            | Asker::EarlierWriteHeaders(_)
            | Asker::Slot(_)
            | Asker::SlotAlone(_)
            | Asker::IfKept(_)
            | Asker::Given(..) => None,
        }
    }
}

/// What proves that the target still lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Control {
    /// An identity uses a resource.
    Use {
        /// Index of the identity.
        identity: usize,
        /// Index of the resource.
        resource: usize,
    },
    /// A fresh copy of an identity's token, signed by authbench, opens a resource.
    Twin {
        /// Index of the identity.
        identity: usize,
        /// Index of the resource.
        resource: usize,
    },
    /// A client that authenticates correctly gets from an endpoint what it is for: a token, an answer about a token, or
    /// the revocation of a token of its own.
    Endpoint {
        /// Which endpoint.
        endpoint: Endpoint,
        /// Which client, and how it authenticates.
        auth: FormAuth,
    },
}

/// Why a check is not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is missing, and what to add.
    pub why: String,
    /// Whether the metadata of the issuer may name it, which a run reads and a plan does not.
    pub may_be_discovered: bool,
}

impl Missing {
    fn of(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_be_discovered: false }
    }
}

/// What is said of checks that ask for resources where there is nothing but an authorization server to test.
const NO_RESOURCES: &str = "the scenario has no `resources`: add one that the tokens of its clients open";

/// What else would do for a token whose scope only looks like the needed one.
const LOOKALIKE: &str =
    ", or a credential whose scopes have one that only looks like the needed one (`write-all` for `write`)";

fn missing<T>(what: impl Into<String>) -> Result<T, Missing> {
    Err(Missing::of(what))
}

/// Resolves a check for a target.
///
/// # Errors
/// Says which material is missing.
pub fn script(check: &'static Check, subject: &Subject) -> Result<Script, Missing> {
    if !check.remote_safe && !subject.owned {
        return missing(reasons::NOT_OWNED);
    }
    if check.about_authorization && !subject.carrier.is_authorization() {
        return missing("the credential does not travel in Authorization");
    }
    if check.about_bearer && !subject.carrier.is_bearer() {
        return missing("the scheme name of the credential is not Bearer: RFC 6750 says nothing about its challenges");
    }
    let stand_in = StandIn::of(check);
    let script = Script::default();
    let mut caster = Caster {
        subject,
        left_out: None,
        is_control: check.control,
        stand_in,
        round: None,
        names_writes: false,
        obtained_by: None,
        script,
    };
    if let Some(state) = by_state::state_of(check) {
        return caster.in_state_each_way(check, state);
    }
    caster.all_steps(check)?;
    match caster.left_out.filter(|_| caster.script.actions.is_empty()) {
        Some(why) => Err(Missing::of(why)),
        None => Ok(caster.script),
    }
}

struct Caster<'a> {
    subject: &'a Subject,
    /// Why the first optional step was left out.
    left_out: Option<String>,
    /// Whether the check is the positive control itself, which nothing else can prove.
    is_control: bool,
    /// What is asked where there is no resource.
    stand_in: StandIn,
    /// The write that the steps are about, where a check has a round for each.
    round: Option<ObjectWrite>,
    /// Whether what is sent in a round is called by the name of its resource.
    names_writes: bool,
    /// Who obtains tokens, where it is not whoever asks the endpoints of the authorization server.
    obtained_by: Option<usize>,
    script: Script,
}

impl Caster<'_> {
    fn all_steps(&mut self, check: &'static Check) -> Result<(), Missing> {
        let rounds = self.rounds(check)?;
        // a token that cannot be obtained is not sent, where the scenario has a credential like it
        let mut without: Option<&'static str> = None;
        for part in rounds::parts(check) {
            for round in rounds.iter().take(if part.for_each { rounds.len() } else { 1 }) {
                self.round = *round;
                for index in part.steps.clone() {
                    let step = &check.steps[index];
                    if matches!(step, Step::Send(send) if without.is_some_and(|slot| send.who == Who::Slot(slot))) {
                        continue;
                    }
                    match (self.step(index, step), step) {
                        (Err(missing), Step::Obtain(obtain)) if obtain.scope == Some(Fill::LookalikeScope) => {
                            if !self.subject.protected().any(|at| self.subject.lookalike_gap_at(at).is_some()) {
                                return Err(Missing { why: format!("{}{LOOKALIKE}", missing.why), ..missing });
                            }
                            without = Some(obtain.slot);
                        }
                        (done, _) => done?,
                    }
                }
            }
        }
        self.one_after_the_other();
        Ok(())
    }

    fn step(&mut self, index: usize, step: &'static Step) -> Result<(), Missing> {
        match step {
            Step::Send(send) => self.send(index, send),
            Step::Compare(compare) => self.compare(index, compare),
            Step::CompareClients(_) => self.compare_clients(index),
            Step::Form(form) => self.form(index, form),
            Step::Fetch(fetch) => self.fetch(index, fetch),
            Step::Obtain(obtain) => {
                let identity = match self.obtained_by.filter(|_| obtain.client == ClientRole::Good) {
                    Some(identity) => identity,
                    None => self.client(obtain.client)?,
                };
                let scope = obtain.scope.map(|fill| self.scope(fill)).transpose()?;
                self.push(index, None, Act::Obtain { slot: obtain.slot, identity, scope });
                Ok(())
            }
            Step::Given(slot, artefact) => {
                let proof = self.artefact(*artefact)?;
                self.push(index, None, Act::Given { slot, proof });
                Ok(())
            }
            Step::Revoke(slot) => {
                self.endpoint(Endpoint::Revocation)?;
                self.push(index, None, Act::Revoke(slot));
                Ok(())
            }
            Step::AwaitExpiry(slot) => {
                self.push(index, None, Act::AwaitExpiry(slot));
                Ok(())
            }
            Step::AwaitHalf(slot) => {
                self.push(index, None, Act::AwaitHalf(slot));
                Ok(())
            }
            Step::AwaitInactive(slot) => {
                self.endpoint(Endpoint::Introspection)?;
                self.push(index, None, Act::AwaitInactive(slot));
                Ok(())
            }
            Step::AwaitRefusal(slot)
                if self.subject.resources.is_empty() && self.stand_in == StandIn::Introspection =>
            {
                self.introspects()?;
                self.push(index, None, Act::AwaitInactive(slot));
                Ok(())
            }
            Step::AwaitRefusal(slot) => {
                let resource = self.main_resource()?;
                self.push(index, None, Act::AwaitRefusal { slot, resource });
                Ok(())
            }
            Step::AwaitDisabled => self.await_account(index, false),
            Step::AwaitEnabled => self.await_account(index, true),
            Step::AwaitDemoted(slot) => self.await_right(index, slot, false),
            Step::AwaitPromoted(slot) => self.await_right(index, slot, true),
            Step::AwaitLateRefusal(slot) => {
                let resource = self.main_resource()?;
                self.push(index, None, Act::AwaitLateRefusal { slot, resource });
                Ok(())
            }
            Step::Hook(hook) => self.hook(index, *hook),
            Step::Session(session) => self.session(index, session),
            Step::Keys(change) => self.keys(index, *change),
            Step::OldVersions => {
                let resource = self.main_resource()?;
                if let Some(identity) = self.subject.good_for(resource) {
                    self.control(Control::Use { identity, resource });
                }
                self.push(index, None, Act::OldVersions);
                Ok(())
            }
            Step::PlainHttp => {
                let resource = self.main_resource()?;
                let Some(identity) = self.subject.good_for(resource) else { return Err(self.nothing_protected()) };
                self.control(Control::Use { identity, resource });
                self.push(index, None, Act::PlainHttp { identity, resource });
                Ok(())
            }
            Step::AwaitEffects => {
                self.push(index, None, Act::AwaitEffects);
                Ok(())
            }
            Step::AwaitAccepted => {
                self.push(index, None, Act::AwaitAccepted);
                Ok(())
            }
            Step::AwaitFormerEffects => {
                self.push(index, None, Act::AwaitFormerEffects);
                Ok(())
            }
            Step::WhereThrottled => {
                self.push(index, None, Act::WhereThrottled);
                Ok(())
            }
            Step::Meet => {
                self.push(index, None, Act::Meet);
                Ok(())
            }
            Step::LookBack(wanted) => {
                self.push(index, None, Act::LookBack(*wanted));
                Ok(())
            }
            Step::AwaitAcceptance(slot) => {
                let resource = self.main_resource()?;
                self.push(index, None, Act::AwaitAcceptance { slot, resource });
                Ok(())
            }
        }
    }

    /// Has all steps that ask for [`On::EachRepeatable`] done with one resource before the next: what one of them deletes is there
    /// again for the others.
    fn one_after_the_other(&mut self) {
        let of = |action: &Action| match &action.act {
            Act::Send { resource, send, .. } if send.on == On::EachRepeatable => Some(*resource),
            _ => None,
        };
        let actions = &mut self.script.actions;
        let Some(start) = actions.iter().position(|action| of(action).is_some()) else { return };
        let length = actions[start..].iter().take_while(|action| of(action).is_some()).count();
        let asked = &mut actions[start..start + length];
        let order: Vec<usize> = asked.iter().filter_map(of).collect();
        asked.sort_by_key(|action| order.iter().position(|at| Some(*at) == of(action)));
    }

    fn push(&mut self, step: usize, description: Option<Description>, act: Act) {
        self.script.actions.push(Action { step, description, act });
    }

    fn control(&mut self, control: Control) {
        if !self.script.controls.contains(&control) {
            self.script.controls.push(control);
        }
    }
}
