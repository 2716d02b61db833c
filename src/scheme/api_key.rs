//! A shared key in a header, a query parameter or a cookie.

use super::{Carried, Carrier, Draft, Forged, Forgery, Proof, Scheme, Unforgeable, lies};

pub(super) struct ApiKey;

impl Scheme for ApiKey {
    fn name(&self) -> &'static str {
        "api-key"
    }

    fn profile_name(&self) -> &'static str {
        "api-key"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["apikey", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::Header("X-API-Key".to_owned())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![Carried::new(carrier, proof.secret())]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, _: &Carrier) -> Vec<(String, Vec<Carried>)> {
        Vec::new()
    }
}

const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "unknown",
        says: "a well-formed key that was never issued",
        forge: |draft| {
            let lie = lies::unknown(draft.proof.secret(), draft.rng);
            one(draft, lie)
        },
    },
    Forgery {
        name: "truncated",
        says: "the key without its last character",
        forge: |draft| one(draft, lies::truncated(draft.proof.secret())),
    },
];

fn one(draft: &Draft<'_>, lie: Option<String>) -> Forged {
    let lie = lie.ok_or_else(|| Unforgeable("the key offers nothing to change".to_owned()))?;
    Ok(vec![Carried::new(draft.carrier, lie)])
}
