//! How access granted looks on each resource: declared, or learned from a good request.

use super::Prober;
use crate::observe::{Evidence, Exchange, Fingerprint};

impl Prober {
    /// The fingerprint of a resource; learned by one good request when it is first asked for.
    pub async fn fingerprint(&self, resource: usize) -> Fingerprint {
        let known = self.fingerprints.lock().ok().and_then(|known| known.get(&resource).cloned());
        if let Some(known) = known {
            return known;
        }
        let fingerprint = self.learn(resource).await;
        if let Ok(mut known) = self.fingerprints.lock() {
            known.entry(resource).or_insert_with(|| fingerprint.clone());
        }
        fingerprint
    }

    async fn learn(&self, resource: usize) -> Fingerprint {
        let declared = self.subject().resources[resource].success.clone().unwrap_or_default();
        let mut fingerprint = match self.good_answer(resource).await {
            Some(exchange) => match exchange.response() {
                // a good answer that is no success teaches nothing: the control will fail and say so
                Some(response) if (200..300).contains(&response.status) => Fingerprint::of(response),
                _ => blank(200),
            },
            None => blank(200),
        };
        if declared.status.is_some() || declared.pointer.is_some() || declared.content_type.is_some() {
            fingerprint.members.clear();
        }
        if let Some(status) = declared.status {
            fingerprint.status = status;
        }
        if declared.content_type.is_some() {
            fingerprint.content_type = declared.content_type;
        }
        fingerprint.pointer = declared.pointer;
        fingerprint
    }

    async fn good_answer(&self, resource: usize) -> Option<Exchange> {
        let subject = self.subject();
        let mut evidence = Evidence::default();
        let request = if subject.resources[resource].public {
            self.bare_request(resource)
        } else {
            let good = subject.good_for(resource)?;
            let proof = self.proof(&subject.identities[good]).await.ok()?;
            self.good_request(&proof, resource, &mut evidence)
        };
        Some(self.send_to(resource, &request).await)
    }
}

fn blank(status: u16) -> Fingerprint {
    Fingerprint { status, content_type: None, pointer: None, members: std::collections::BTreeSet::new() }
}
