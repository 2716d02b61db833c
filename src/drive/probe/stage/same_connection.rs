//! Requests on a connection on which another one was sent before.

use super::resource::Probe;
use super::{Halt, Stage};
use crate::drive::wire::{BadDestination, Connection};
use crate::observe::{Asked, Description, Evidence, Exchange, Outcome, Request, Silence};
use crate::target::proxy::Passage;

impl Stage<'_> {
    /// A request on the connection of a good one; none where that was not granted, or its connection ended.
    pub(super) async fn after_a_good_one(
        &self,
        resource: usize,
        request: &Request,
        evidence: &mut Evidence,
    ) -> Option<Exchange> {
        let prober = self.prober;
        let written = &prober.subject().resources[resource];
        // what the good one uses up is what the other one is about
        if written.kept().next().is_some() {
            return None;
        }
        let identity = prober.subject().good_for(resource)?;
        let held = self.held(identity).await.ok()?;
        let good = prober.good_request(&held, resource, evidence).await;
        // on whose connection it is sent otherwise
        if good.connection != request.connection {
            return None;
        }
        let destination = prober.destination(&prober.equipment.base, &good).ok()?;
        let mut connection = Connection::open(&destination, prober.limits()).await.ok()?;
        let before = prober.send_on(&mut connection, &prober.equipment.base, &good).await;
        let granted = prober.read_good((identity, resource), &before).await.outcome == Outcome::Granted;
        if !granted || !connection.is_reusable() {
            return None;
        }
        let after = prober.send_on(&mut connection, &prober.equipment.base, request).await;
        // the target may end an idle connection at any moment: that is no answer to the request
        (after.answer != Err(Silence::Closed)).then_some(after)
    }

    /// A request on a connection of its own, and the good one behind it: no answer to that where the connection has ended.
    pub(super) async fn followed(
        &self,
        probe: Probe,
        request: Request,
        asked: &Asked<'_>,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let (prober, resource) = (self.prober, probe.counts);
        let url = &prober.equipment.base;
        let Some(identity) = prober.subject().good_for(resource) else { return Ok(()) };
        let held = self.held(identity).await?;
        let good = prober.good_request(&held, resource, evidence).await;
        let unreachable = |why: BadDestination| Halt::Obstacle(why.to_string());
        let destination = prober.destination(url, &request).map_err(unreachable)?;
        if matches!(destination.via, Some((_, Passage::AbsoluteForm(_)))) {
            return Err(Halt::Untestable("the connections of the target are those of a proxy on the way".to_owned()));
        }
        let mut connection = match Connection::open(&destination, prober.limits()).await {
            Ok(connection) => connection,
            Err(silence) => {
                self.observe(probe, Exchange::unanswered(request, silence), asked, None, evidence).await;
                return Ok(());
            }
        };
        let first = prober.send_on(&mut connection, url, &request).await;
        let (is_answered, is_open) = (first.answer.is_ok(), connection.is_reusable());
        self.observe(probe.clone(), first, asked, None, evidence).await;
        if is_answered {
            let second = match is_open {
                true => prober.send_on(&mut connection, url, &good).await,
                false => Exchange::unanswered(good, Silence::Closed),
            };
            let what = &probe.description;
            let text = format!("the good request on the connection of: {what}");
            let description = Description::new(text).quoting(what);
            self.observe(Probe { description, ..probe.clone() }, second, asked, None, evidence).await;
        }
        Ok(())
    }
}
