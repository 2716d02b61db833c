//! Handshakes of old versions of TLS.

use super::{Halt, Stage, in_time};
use crate::clock;
use crate::drive::probe::allowance;
use crate::drive::wire::hello::{HelloAnswer, OldVersion, offer};
use crate::observe::{Description, Evidence, Exchange, Observation, Outcome, Place, Request, Silence};

/// How often a target has to close the connection before that is taken for its answer.
const CLOSES: usize = 3;

impl Stage<'_> {
    /// Offers each old version alone. A target that does not speak it says so, or closes the connection each time.
    pub(super) async fn old_versions(&self, step: usize, evidence: &mut Evidence) -> Result<(), Halt> {
        let prober = self.prober;
        let base = &prober.equipment.base;
        if base.scheme() != "https" {
            return Err(Halt::Inapplicable("the target speaks no TLS".to_owned()));
        }
        let request = Request::new("TLS", base.path());
        let destination = prober.destination(base, &request).map_err(|why| Halt::Obstacle(why.to_string()))?;
        for version in OldVersion::ALL {
            let mut closes = 0;
            let answer = loop {
                in_time()?;
                allowance::apart(prober.equipment.rate_limit.wait()).await;
                match offer(version, &destination, &prober.limits()).await {
                    HelloAnswer::Closed if closes + 1 < CLOSES => closes += 1,
                    answer => break answer,
                }
            };
            let (outcome, silence) = match answer {
                HelloAnswer::Negotiated => {
                    (Outcome::Granted, Silence::Handshake("it was left after its start".to_owned()))
                }
                HelloAnswer::Alert(alert) => {
                    (Outcome::Refused, Silence::Handshake(format!("refused by the alert {alert}")))
                }
                HelloAnswer::Closed => (Outcome::Refused, Silence::Closed),
                HelloAnswer::Silent(silence) => (Outcome::Silent, silence),
            };
            evidence.observe(Observation {
                step,
                credential: None,
                forgery: None,
                description: Description::new(format!("a handshake that offers {} and nothing later", version.name())),
                place: Place::Elsewhere,
                exchange: Exchange::unanswered(request.clone(), silence),
                outcome,
                why: (outcome == Outcome::Granted).then(|| version.name().to_owned()),
                clean: true,
                at: clock::unix_seconds(),
                reproduced: false,
            });
        }
        Ok(())
    }
}
