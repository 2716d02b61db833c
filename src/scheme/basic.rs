//! User-id and password (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Carried, Carrier, Forgery, Proof, Scheme};

pub(super) struct Basic;

impl Scheme for Basic {
    fn name(&self) -> &'static str {
        "basic"
    }

    fn profile_name(&self) -> &'static str {
        "basic"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["basic", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::Header("Authorization".to_owned())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        let user = match proof {
            Proof::Password { user, .. } => user,
            _ => "",
        };
        vec![Carried::new(carrier, credentials(user, proof.secret()))]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, _: &Carrier) -> Vec<(String, Vec<Carried>)> {
        Vec::new()
    }
}

/// RFC 7617 §2: `Basic` and the Base64 of user-id, colon, password, in UTF-8.
fn credentials(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

const FORGERIES: &[Forgery] = &[];
