//! Whether a write that was answered as a success was carried out.

use super::{Stage, wait};
use crate::check::step::{Send, Step, Want};
use crate::drive::login::ANOTHER_SECOND;
use crate::drive::probe::allowance;
use crate::observe::{Asked, Evidence, Exchange, Observation, Outcome, Place, Response, StableState, StepId};
use crate::plan::Asker;

impl Stage<'_> {
    /// Takes the success that answers a write for a refusal where nothing came of it. What proves that is written with the answers, from
    /// the first of them that the step got for this credential.
    pub(super) async fn look_for_effect(&mut self, write: &Write<'_>, from: usize, evidence: &mut Evidence) {
        let (Asker::Identity(_), subject, resource) = (write.asker, self.prober.subject(), write.resource) else {
            return;
        };
        // what an answer has in it was given away, whatever came of the write
        let was_granted = evidence.observations[from..].iter().any(is_bare_success);
        let wants_refusal = matches!(write.send.want, Want::Denied(_)) && was_granted;
        // the readings of checks that meet others are those of the check, and nobody writes between them
        let meets_others = self.check.steps.iter().any(|step| matches!(step, Step::Meet));
        if !wants_refusal || meets_others || !subject.owned || !subject.resources[resource].writes {
            return;
        }
        if self.nothing_came_of(write, evidence).await.is_some() {
            let reader = subject.reader_of(resource).map(|at| subject.resources[at].name()).unwrap_or_default();
            for seen in evidence.observations[from..].iter_mut().filter(|seen| is_bare_success(seen)) {
                seen.outcome = Outcome::Refused;
                seen.why = Some(format!(
                    "nothing came of it: {reader} shows no change, and shows the same write where it is allowed"
                ));
            }
        }
    }

    /// Whether the last answers to two steps at a resource have other bodies; another second has begun then. True where none are named.
    pub(super) async fn differed(&self, steps: Option<[StepId; 2]>, resource: usize, evidence: &Evidence) -> bool {
        let Some(steps) = steps else { return true };
        let [one, other] = steps.map(|step| {
            let of_step = |seen: &&Observation| {
                seen.place == Place::Resource(resource) && self.check.steps[seen.step].step_id() == Some(step)
            };
            evidence.observations.iter().rev().find(of_step).and_then(|seen| seen.exchange.response())
        });
        let differ = one.zip(other).is_some_and(|(one, other)| one.body != other.body);
        if differ {
            allowance::apart(tokio::time::sleep(ANOTHER_SECOND)).await;
        }
        differ
    }

    /// That a write leaves what it would change as it is: what whoever may write reads before and after it, twice each. It is an object
    /// that the path names to both, for it has an owner or both read the same; and the same write of whoever may do it shows there.
    /// None where something came of it, or that cannot be told.
    async fn nothing_came_of(&mut self, write: &Write<'_>, evidence: &mut Evidence) -> Option<()> {
        let (subject, resource, who) = (self.prober.subject(), write.resource, write.asker.identity()?);
        let reader = subject.reader_of(resource)?;
        let (good, owner) = (subject.good_for(reader)?, subject.good_for(resource)?);
        let tenant = &subject.resources[resource].tenant;
        let is_of_another = tenant.is_some() && *tenant != subject.identities[who].tenant;
        self.prober.set_up_again(resource, evidence).await.ok()?;
        let before = [self.read_as(good, reader).await?, self.read_as(good, reader).await?];
        let state = StableState::of(&before.each_ref()).filter(|state| !state.is_empty())?;
        let is_shared = match is_of_another {
            true => true,
            false => !state.differs(&self.read_as(who, reader).await?),
        };
        if !is_shared || !self.is_granted_again(write, evidence).await? {
            return None;
        }
        let at_once = self.read_as(good, reader).await?;
        if state.differs(&at_once) {
            return None;
        }
        wait::for_late_effects(wait::LATE_EFFECT).await;
        let mut is_unchanged = !state.differs(&self.read_as(good, reader).await?);
        if !is_of_another {
            is_unchanged &= !state.differs(&self.read_as(who, reader).await?);
        }
        if !is_unchanged {
            return None;
        }
        let held = self.held(owner).await.ok()?;
        let allowed = self.prober.good_request(&held, resource, evidence).await;
        let answer = self.prober.send_to(resource, &allowed).await;
        if answer.status() == Some(202) {
            wait::for_late_effects(wait::LATE_EFFECT).await;
        }
        // what is not there any more is a change as well
        let shows = self.asked_as(good, reader).await?.response().is_some_and(|answer| state.differs(answer));
        self.prober.set_up_again(resource, evidence).await.ok()?;
        shows.then_some(())
    }

    /// Sends the write once more, with a credential that is made for it where the scheme makes one for each request.
    async fn is_granted_again(&mut self, write: &Write<'_>, evidence: &mut Evidence) -> Option<bool> {
        let request = self.request_of(write.asker, write.send, write.resource).ok()?;
        let credential = self.credentials(write.asker, write.resource, &request).await.ok()?.into_iter().next()?;
        let request = self.composed(&request, &credential, write.send, write.resource, evidence).ok()?;
        let exchange = self.prober.send_to(write.resource, &request).await;
        Some(self.prober.outcome(write.resource, &exchange).await == Outcome::Granted)
    }

    /// What an identity reads that may read it.
    async fn read_as(&self, identity: usize, reader: usize) -> Option<Response> {
        let subject = self.prober.subject();
        let exchange = self.asked_as(identity, reader).await?;
        let entitled = subject.resources[reader].open_to(&subject.identities[identity]);
        let reading = self.prober.read(reader, &exchange, &Asked { entitled, ..Asked::default() }).await;
        exchange.answer.ok().filter(|_| reading.outcome == Outcome::Granted)
    }

    async fn asked_as(&self, identity: usize, reader: usize) -> Option<Exchange> {
        let held = self.held(identity).await.ok()?;
        let request = self.prober.good_request(&held, reader, &mut Evidence::default()).await;
        Some(self.prober.send_to(reader, &request).await)
    }
}

/// Whether access was granted by a status alone.
fn is_bare_success(seen: &Observation) -> bool {
    seen.outcome == Outcome::Granted && seen.exchange.response().is_some_and(|answer| answer.body.is_empty())
}

/// A write that whoever asks may not do.
pub(super) struct Write<'a> {
    pub(super) asker: &'a Asker,
    pub(super) send: &'a Send,
    pub(super) resource: usize,
}
