//! A session cookie that a login sets (RFC 6265).

mod named;

pub use named::Renaming;

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

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::scheme::ForgeryContext;
    use crate::secret::Secret;

    #[test]
    fn the_name_of_a_server_stays_behind_what_is_shortened() {
        let carrier = SessionScheme.carrier();
        let forgery = SessionScheme.forgeries().iter().find(|forgery| forgery.id.as_str() == "truncated");
        let kit = crate::scheme::jwt::Kit::default();
        for (good, expected) in [
            ("node01x6f3v9q2m8s7abcd0.node0", "node01x6f3v9q2m8s7abcd.node0"),
            ("node01x6f3v9q2m8s7abcd0.Zm9vYmFyYmF6cXV1eA1", "node01x6f3v9q2m8s7abcd0.Zm9vYmFyYmF6cXV1eA"),
            ("a.b", "a."),
        ] {
            let proof = Proof::Token(Secret::new(good));
            let mut rng = rand::rngs::StdRng::seed_from_u64(1);
            let mut context = ForgeryContext {
                scheme: &SessionScheme,
                carrier: &carrier,
                proof: &proof,
                rng: &mut rng,
                kit: &kit,
                occasion: None,
            };
            let carried = (forgery.expect("is in the table").forge)(&mut context).expect("is made");
            assert_eq!(carried[0].value, expected.as_bytes(), "{good}");
        }
    }
}
