//! One check's steps, played in order, with the tokens that they keep.

mod account;
mod code;
mod code_guesses;
mod configuration;
mod cookies;
mod effect;
mod endpoint;
mod enumeration;
mod failing;
mod fill;
mod forging;
mod guessing;
mod handshake;
mod hook;
mod learned;
mod look_back;
mod noting;
mod one_time;
mod password;
mod plain_http;
mod raised;
mod refresh;
mod refresh_binding;
mod registration;
mod reset;
mod reset_guesses;
mod resource;
mod same_connection;
mod self_registered;
mod session;
mod timing;
mod told;
mod two_users;
mod unusual_login;
mod userinfo;
mod wait;
mod write_lines;

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::rngs::StdRng;
use url::{Host, Url};

use super::registered_clients::ClientConfiguration;
use super::{Prober, Seat, allowance, outages, values};
use crate::check::Check;
use crate::check::step::{Fill, FormAuth, Hook, KeyChange, OTHER_SOURCE};
use crate::clock;
use crate::drive::control::Token;
use crate::drive::login::{HeldCredential, LoginSession, SentCode};
use crate::observe::{Description, Evidence, ForgeryId, Outcome, SetCookie};
use crate::plan::subject::ClientCredential;
use crate::plan::{Act, Action, Asker};
use crate::scheme::jose::Jws;
use crate::scheme::jwt::Kit;
use crate::scheme::{Carried, Companion, Proof};
use crate::secret::Secret;
pub(super) use one_time::for_two;
pub(super) use wait::{LONGEST_WAIT, ROUNDING};

/// A token that a step keeps, with whose it is.
#[derive(Clone)]
struct Kept {
    token: Token,
    client: Option<ClientCredential>,
    /// What travels beside it.
    companions: Vec<Companion>,
    /// The other cookies of its login, where one of them is a credential of its own, or may be one.
    others: Vec<Companion>,
    /// Cookies that answers set which granted access after its end.
    given: Vec<SetCookie>,
}

impl Kept {
    fn of(token: Token, client: Option<ClientCredential>) -> Self {
        Self { token, client, companions: Vec::new(), others: Vec::new(), given: Vec::new() }
    }

    /// How long its token lives by itself, where it is a JWT.
    fn self_contained(&self) -> Option<Duration> {
        Jws::read(self.token.value.expose())?;
        Some(self.token.ends_at().map_or(Duration::MAX, |end| end.saturating_duration_since(clock::now())))
    }
}

/// One credential that a step sends: what goes onto the wire, and what it is.
#[derive(Default)]
struct Credential {
    forgery: Option<ForgeryId>,
    description: Option<Description>,
    carried: Vec<Carried>,
    companions: Vec<Companion>,
    /// When it ends by itself, at the earliest.
    ends: Option<Instant>,
}

/// What an action is, for a reader.
fn described(action: &Action) -> Description {
    action.description.clone().unwrap_or_else(|| Description::new("a request"))
}

/// Why a check cannot go on.
enum Halt {
    /// A step failed: the check is inconclusive.
    Obstacle(String),
    /// The target does not offer what the step needs: the check is not tested.
    Untestable(String),
    /// The requirement makes no sense for this target.
    Inapplicable(String),
    /// Everything was sent that tells something.
    Enough,
}

/// One check's steps in progress.
pub(super) struct Stage<'a> {
    prober: &'a Prober,
    check: &'static Check,
    rng: StdRng,
    /// Where it meets the checks that write beside it.
    seat: Option<Seat>,
    /// A value in the form of a token that nobody issued.
    random: String,
    slots: HashMap<&'static str, Kept>,
    /// What the last good request for each resource carried, and what travelled beside it.
    last_good: HashMap<usize, (Vec<Carried>, Vec<Companion>)>,
    /// What steps send that earlier answers show.
    learned: learned::LearnedBodies,
    sessions: HashMap<&'static str, session::KeptSession>,
    /// The last client assertion that was sent.
    assertion: Option<String>,
    /// What forgeries are made with, the listener's address marked as this check's.
    kit: Kit,
    /// Forgeries that were not made.
    left_out: Vec<forging::UnmadeForgery>,
    /// A key that was published for this check.
    published: Option<String>,
    /// Whether it was withdrawn again.
    withdrawn: bool,
    outage: bool,
    rotated: bool,
    /// The resource where what was ended is refused by now, and until when it is tolerated that others still grant it.
    tolerated_until: Option<(usize, Instant)>,
    /// The identities whose password was changed, and the right to log in to their accounts.
    changed: Vec<(String, tokio::sync::OwnedMutexGuard<()>)>,
    /// The last login that had to fail, and was refused.
    refused: Option<LoginSession>,
    /// The last password reset that was completed.
    completed: Option<reset::CompletedReset>,
    /// The reset at whose token was guessed.
    guessed_reset: Option<reset_guesses::GuessedReset>,
    /// The clients that were registered and kept, each with its configuration where the answer names that.
    registered: Vec<Option<ClientConfiguration>>,
    /// The account that was registered as the scenario has it.
    newcomer: Option<raised::Newcomer>,
    /// The one-time code of the login after guesses at such codes.
    kept_code: Option<SentCode>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(prober: &'a Prober, check: &'static Check, mut rng: StdRng, seat: Option<Seat>) -> Self {
        let random: String = (0..40).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
        let mut kit = prober.subject().kit.clone();
        if let Some(listener) = &mut kit.listener {
            *listener = format!("{listener}/{}", &random[..16]);
        }
        Self {
            prober,
            check,
            rng,
            seat,
            random,
            slots: HashMap::new(),
            last_good: Default::default(),
            learned: Default::default(),
            sessions: HashMap::new(),
            assertion: None,
            kit,
            left_out: Vec::new(),
            published: None,
            withdrawn: false,
            outage: false,
            rotated: false,
            tolerated_until: None,
            changed: Vec::new(),
            refused: None,
            completed: None,
            guessed_reset: None,
            registered: Vec::new(),
            newcomer: None,
            kept_code: None,
        }
    }

    /// Plays all actions, or up to the first that cannot be carried out.
    ///
    /// A forgery that cannot be made from this credential is left out where others of the same check can be made.
    pub(super) async fn play(&mut self, actions: &[Action], evidence: &mut Evidence) {
        let began = clock::now();
        let fetched = self.prober.equipment.listener.as_ref().map_or(0, |listener| listener.key_fetches());
        let is_forgery = |action: &&Action| match &action.act {
            Act::Send { asker, .. } => matches!(asker, Asker::Forged(..)),
            Act::Form(form) => {
                let forges = |(_, fill): &(&str, Fill)| matches!(fill, Fill::SlotForged(..));
                matches!(form.auth, FormAuth::ForgedAssertion(_)) || form.params.iter().any(forges)
            }
            _ => false,
        };
        let mut forgeries = actions.iter().filter(is_forgery).count();
        let mut ended_part = false;
        let mut at = 0;
        while let Some(action) = actions.get(at) {
            at += 1;
            if matches!(action.act, Act::Apart) {
                ended_part = true;
                continue;
            }
            let next_part =
                actions[at..].iter().position(|other| matches!(other.act, Act::Apart)).map(|next| at + next + 1);
            let acted = match in_time() {
                Ok(()) => self.act(action, evidence).await,
                Err(over) => Err(over),
            };
            match acted {
                Ok(()) => {}
                Err(Halt::Untestable(why)) if is_forgery(&action) && forgeries > 1 => {
                    forgeries -= 1;
                    evidence.facts.push(("left out:", why));
                }
                Err(Halt::Obstacle(why)) => {
                    evidence.obstacle.get_or_insert(why);
                    match next_part {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                Err(Halt::Untestable(why)) if next_part.is_some() || ended_part => {
                    evidence.facts.push(("left out:", why));
                    match next_part {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                Err(Halt::Untestable(why)) => {
                    evidence.untestable = Some(why);
                    break;
                }
                Err(Halt::Inapplicable(why)) => {
                    evidence.not_applicable = Some(why);
                    break;
                }
                Err(Halt::Enough) => break,
            }
        }
        self.conclude(began, fetched, evidence).await;
        self.put_password_back(evidence).await;
        self.give_sessions_back();
        self.remove_registered().await;
        if self.published.is_some() {
            let _ = self.keys(KeyChange::Withdraw, evidence).await;
        }
        if self.outage {
            // whatever happened, the backend comes back
            let _ = self.call(Hook::OutageEnds, evidence).await;
        }
        for why in self.prober.restore_accounts().await {
            evidence.add_obstacle(why);
        }
        if self.rotated {
            let _ = self.call(Hook::RotateBack, evidence).await;
        }
    }

    async fn act(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        outages::calls(action.description.as_ref().map(ToString::to_string).unwrap_or_default());
        match &action.act {
            Act::Send { asker, resource, counts, send } => {
                if send.exhausts && self.prober.subject().scheme.proves_in_handshake() {
                    return Err(Halt::Inapplicable("a private key cannot be guessed".to_owned()));
                }
                for _ in 0..self.times(send.times, send.exhausts) {
                    self.send_after_delay(action, asker, (*resource, *counts), send, evidence).await?;
                    if fell_silent(evidence) || (send.exhausts && was_throttled(evidence)) {
                        break;
                    }
                }
                Ok(())
            }
            Act::Compare { one, other, resource } => self.compare(action, [one, other], *resource, evidence).await,
            Act::CompareClients => self.compare_clients(action, evidence).await,
            Act::Form(form) => {
                for _ in 0..self.times(form.times, form.exhausts) {
                    self.form(action, form, evidence).await?;
                    if fell_silent(evidence) || (form.exhausts && was_throttled(evidence)) {
                        break;
                    }
                }
                Ok(())
            }
            Act::Fetch(fetch) => Box::pin(self.fetch(action, fetch, evidence)).await,
            Act::Obtain { slot, identity, scope } => self.obtain(slot, *identity, scope.as_deref(), evidence).await,
            Act::Given { slot, proof } => {
                values::note_text(proof.secret(), evidence);
                let token = Token::endless(Secret::new(proof.secret()));
                self.slots.insert(slot, Kept::of(token, None));
                Ok(())
            }
            Act::Apart => Ok(()),
            Act::Revoke(slot) => self.revoke(slot, evidence).await,
            Act::AwaitExpiry(slot) => self.await_expiry(slot).await,
            Act::AwaitHalf(slot) => self.await_half(slot).await,
            Act::Introspect(slot) => Box::pin(self.introspect(action, slot, evidence)).await,
            Act::AwaitInactive(slot) => Box::pin(self.await_inactive(slot, evidence)).await,
            Act::AwaitRefusal { slot, resource } => self.await_refusal(slot, *resource, evidence).await,
            Act::AwaitLateRefusal { slot, resource } => self.await_late_refusal(slot, *resource, evidence).await,
            Act::AwaitAccount { identity, resource, enabled } => {
                self.await_account(*identity, *resource, *enabled, evidence).await
            }
            Act::AwaitRight { slot, resource, returned } => {
                self.await_right(slot, *resource, *returned, evidence).await
            }
            Act::Session { identity, step } => Box::pin(self.session(action, *identity, step, evidence)).await,
            Act::Hook(hook) => self.call(*hook, evidence).await,
            Act::Keys(change) => self.keys(*change, evidence).await,
            Act::PlainHttp { identity, resource } => {
                self.plain_http(action.step, (*identity, *resource), evidence).await
            }
            Act::OldVersions => self.old_versions(action.step, evidence).await,
            Act::AwaitEffects => {
                wait::for_late_effects(wait::LATE_EFFECT).await;
                Ok(())
            }
            Act::AwaitAccepted => {
                let accepted = *self.prober.accepted.lock().unwrap_or_else(PoisonError::into_inner);
                wait::for_effects_of(accepted).await;
                Ok(())
            }
            Act::AwaitFormerEffects => {
                let written = *self.prober.written.lock().unwrap_or_else(PoisonError::into_inner);
                wait::for_effects_of(written).await;
                Ok(())
            }
            Act::WhereThrottled if was_throttled(evidence) => {
                // which the scenario says that the target may believe
                let declared = self.prober.subject().material.source_header.as_deref().unwrap_or_default();
                if OTHER_SOURCE.iter().any(|(name, _)| name.eq_ignore_ascii_case(declared)) {
                    return Err(Halt::Enough);
                }
                evidence.target_is_here = is_loopback(&self.prober.equipment.base);
                Ok(())
            }
            Act::WhereThrottled => Err(Halt::Enough),
            Act::Meet => {
                if let Some(seat) = &self.seat {
                    let _shown = allowance::shown("the other checks that write", None);
                    allowance::apart(seat.meet()).await;
                }
                Ok(())
            }
            Act::AwaitAcceptance { slot, resource } => self.await_acceptance(slot, *resource, evidence).await,
            Act::LookBack(wanted) => self.look_back(action.step, *wanted, evidence),
        }
    }

    /// How often a step is sent: what uses up the failure budget, once more than that allows.
    fn times(&self, times: usize, exhausts: bool) -> usize {
        let budget = self.prober.subject().material.failure_budget.filter(|_| exhausts);
        budget.map_or(times, |budget| budget as usize + 1)
    }

    async fn held(&self, identity: usize) -> Result<HeldCredential, Halt> {
        let identity = &self.prober.subject().identities[identity];
        let held = self.prober.held(identity).await;
        let logins = &self.prober.equipment.logins;
        let held = held.map_err(|error| Halt::Obstacle(logins.explained(&identity.name, &error)))?;
        let granted = held.token.as_ref().and_then(|token| token.scope.as_deref());
        let beyond = granted.and_then(|scope| scope.split(' ').find(|one| !identity.scopes.contains(*one)));
        match beyond {
            // RFC 6749 §3.3: a server may grant another scope than the one that was asked for
            Some(beyond) if identity.asks_for_less => Err(Halt::Untestable(format!(
                "a client that does not ask for the scope `{beyond}` is granted it: add a credential that lacks a scope"
            ))),
            _ => Ok(held),
        }
    }

    async fn proof(&self, identity: usize) -> Result<Proof, Halt> {
        Ok(self.held(identity).await?.proof)
    }

    fn kept(&self, slot: &str) -> Result<&Kept, Halt> {
        let kept = self.slots.get(slot);
        kept.ok_or_else(|| Halt::Obstacle(format!("{}: no token was obtained", self.check.id)))
    }

    /// What is held with the token in a slot.
    fn slot_held(&self, slot: &str) -> Result<HeldCredential, Halt> {
        let kept = self.kept(slot)?;
        let companions = kept.companions.clone();
        // a token is bound to the certificate over whose connection it came
        let connection = kept.client.as_ref().map(|client| client.connection.clone()).filter(|of| of.0.is_some());
        Ok(HeldCredential {
            companions,
            connection,
            ..HeldCredential::obtained(self.prober.subject().scheme, kept.token.clone())
        })
    }
}

/// Goes on only while the time of the check is not over.
fn in_time() -> Result<(), Halt> {
    allowance::over().map_or(Ok(()), |why| Err(Halt::Obstacle(why)))
}

/// Whether an address is one of this host.
fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn was_throttled(evidence: &Evidence) -> bool {
    evidence.observations.last().is_some_and(|last| last.exchange.status() == Some(429))
}

/// Whether the last probe stayed without an answer: the same again would only wait again.
fn fell_silent(evidence: &Evidence) -> bool {
    evidence.observations.last().is_some_and(|last| last.outcome == Outcome::Silent && last.reproduced)
}
