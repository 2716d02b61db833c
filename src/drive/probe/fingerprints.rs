//! How access granted looks on each resource: declared, or learned from a good request.

use std::sync::PoisonError;

use super::Prober;
use crate::observe::{Evidence, Exchange, Fingerprint, Response};

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
        let good = self.good_answer(resource).await;
        // a good answer that is no success teaches nothing: the control will fail and say so
        let good = good.as_ref().and_then(Exchange::response).filter(|good| (200..300).contains(&good.status));
        let mut fingerprint = good.map_or_else(|| blank(200), Fingerprint::of);
        if declared.status.is_some()
            || declared.pointer.is_some()
            || declared.content_type.is_some()
            || declared.text.is_some()
        {
            fingerprint.members.clear();
        } else if let Some(good) = good
            && self.anonymous_looks_alike(resource, &fingerprint, good).await
        {
            self.alike.lock().unwrap_or_else(PoisonError::into_inner).insert(resource);
        }
        if let Some(status) = declared.status {
            fingerprint.status = status;
        }
        if declared.content_type.is_some() {
            fingerprint.content_type = declared.content_type;
        }
        fingerprint.pointer = declared.pointer;
        fingerprint.text = declared.text;
        fingerprint
    }

    /// Whether an answer without a credential has the marks of a good one, and yet is another one: a page that asks to log
    /// in with 200, or a representation that changes by itself. The same answer is no riddle: everybody gets it.
    async fn anonymous_looks_alike(&self, resource: usize, marks: &Fingerprint, good: &Response) -> bool {
        if self.subject().resources[resource].public {
            return false;
        }
        let anonymous = self.send_to(resource, &self.bare_request(resource)).await;
        anonymous.response().is_some_and(|anonymous| marks.matches(anonymous) && anonymous.body != good.body)
    }

    /// Whether answers of a resource with and without a credential cannot be told apart.
    pub(super) fn is_alike(&self, resource: usize) -> bool {
        self.alike.lock().unwrap_or_else(PoisonError::into_inner).contains(&resource)
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
    Fingerprint { status, content_type: None, pointer: None, text: None, members: std::collections::BTreeSet::new() }
}
