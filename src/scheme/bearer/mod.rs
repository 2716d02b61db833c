//! Bearer tokens (RFC 6750): given ones, and those of the client credentials grant (RFC 6749 §4.4).

use crate::scheme::forgery::values;
use crate::scheme::{Carried, Carrier, Draft, Forged, Forgery, Proof, Scheme, Unforgeable};

pub(crate) struct Bearer;
pub(crate) struct ClientCredentials;

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

    fn malformed(&self, carrier: &Carrier) -> Vec<(String, Vec<Carried>)> {
        crate::scheme::forgery::malformed::after_scheme("Bearer", carrier)
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

/// The table of lies.
const FORGERIES: &[Forgery] = &[
    lie("unknown", "a well-formed token that was never issued", |draft| tell("unknown", draft)),
    lie("truncated", "the token without its last character", |draft| tell("truncated", draft)),
    lie("without-first", "the token without its first character", |draft| tell("without-first", draft)),
    lie("extended", "the token with one character appended", |draft| tell("extended", draft)),
    lie("middle-changed", "the token with its middle character changed", |draft| tell("middle-changed", draft)),
    lie("case-flipped", "the token with the case of its letters flipped", |draft| tell("case-flipped", draft)),
    lie("upper-cased", "the token in upper case", |draft| tell("upper-cased", draft)),
    lie("lower-cased", "the token in lower case", |draft| tell("lower-cased", draft)),
    lie("reversed", "the token reversed", |draft| tell("reversed", draft)),
    lie("doubled", "the token twice over", |draft| tell("doubled", draft)),
    lie("percent-encoded", "the token with each character percent-encoded", |draft| tell("percent-encoded", draft)),
    lie("base64", "the token in Base64", |draft| tell("base64", draft)),
];

const fn lie(name: &'static str, says: &'static str, forge: fn(&mut Draft<'_>) -> Forged) -> Forgery {
    Forgery { name, says, forge }
}

fn tell(name: &str, draft: &mut Draft<'_>) -> Forged {
    let told = values::tell(name, draft.proof.secret(), draft.rng);
    let told = told.ok_or_else(|| Unforgeable("the token offers nothing to change".to_owned()))?;
    Ok(vec![Carried::new(draft.carrier, credentials(&told))])
}
