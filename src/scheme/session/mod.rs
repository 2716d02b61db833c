//! A session cookie that a login sets (RFC 6265).

use crate::observe::Phrase;
use crate::scheme::bearer::BearerScheme;
use crate::scheme::{Carried, Carrier, CarrierPlace, Forgery, Proof, Scheme};

/// Name of the cookie unless the scenario names another.
const COOKIE: &str = "session";

pub(crate) struct SessionScheme;

impl Scheme for SessionScheme {
    fn name(&self) -> &'static str {
        "session"
    }

    fn profile_name(&self) -> &'static str {
        "session"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["session", "login", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier { place: CarrierPlace::Cookie(COOKIE.to_owned()), prefix: String::new() }
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![carrier.carrying(proof.secret())]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        BearerScheme.forgeries()
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        BearerScheme.malformed(carrier)
    }
}
