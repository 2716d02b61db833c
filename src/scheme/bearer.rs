//! Bearer tokens (RFC 6750): given ones, and those of the client credentials grant (RFC 6749 §4.4).

use super::{Carried, Carrier, Forgery, Proof, Scheme};

pub(super) struct Bearer;
pub(super) struct ClientCredentials;

impl Scheme for Bearer {
    fn name(&self) -> &'static str {
        "bearer"
    }

    fn profile_name(&self) -> &'static str {
        "bearer"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["bearer", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::Header("Authorization".to_owned())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![Carried::new(carrier, credentials(proof.secret()))]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, _: &Carrier) -> Vec<(String, Vec<Carried>)> {
        Vec::new()
    }
}

impl Scheme for ClientCredentials {
    fn name(&self) -> &'static str {
        "oauth2-client-credentials"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["token", "bearer", "introspect", "revoke", "meta", "common"]
    }

    fn profile_name(&self) -> &'static str {
        Bearer.profile_name()
    }

    fn carrier(&self) -> Carrier {
        Bearer.carrier()
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        Bearer.carry(carrier, proof)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(String, Vec<Carried>)> {
        Bearer.malformed(carrier)
    }
}

/// RFC 6750 §2.1.
fn credentials(token: &str) -> String {
    format!("Bearer {token}")
}

const FORGERIES: &[Forgery] = &[];
