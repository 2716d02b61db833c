//! HTTP message signatures (RFC 9421) with digests of the content (RFC 9530).

mod answer;
mod component;
mod forgeries;
mod parts;
#[cfg(test)]
mod vectors;
mod wrong;

use std::sync::Arc;
use std::time::Duration;

use crate::observe::Phrase;
use crate::scheme::forgery::malformed;
use crate::scheme::jose::{Alg, SigningKey};
use crate::scheme::{Carried, Carrier, Forged, Forgery, Occasion, Proof, Reuse, Scheme};

pub use answer::AnswerRules;
pub use component::Component;
pub(crate) use parts::MessageParts;

/// What is signed unless a scenario names other components (RFC 9421 §2.2).
pub const COMPONENTS: &[&str] = &["@method", "@authority", "@path", "@query"];

/// What the signature of an answer has to cover unless a scenario names other components: the answer, and of its request what
/// requests cover (RFC 9421 §2.4).
pub const ANSWER_COMPONENTS: &[&str] =
    &["@status", "content-digest", "@method;req", "@authority;req", "@path;req", "@query;req"];

/// What a client signs its messages with.
#[derive(Clone, Debug)]
pub struct MessageKey {
    /// The key.
    pub key: Arc<SigningKey>,
    /// Its name at the server: the parameter `keyid`.
    pub key_id: String,
    /// What every signature covers, beside the digest of a body.
    pub components: Vec<Component>,
    /// The parameter `tag`, where the application has one.
    pub tag: Option<String>,
    /// How old, or how far ahead, a signature may be at the server.
    pub window: Duration,
    /// Whether the target speaks TLS, which the components `@scheme` and `@target-uri` say.
    pub over_tls: bool,
}

/// The name of an algorithm in the registry (RFC 9421 §6.2.2).
pub fn registered_name(alg: Alg) -> Option<&'static str> {
    Some(match alg {
        Alg::HS256 => "hmac-sha256",
        Alg::ES256 => "ecdsa-p256-sha256",
        Alg::ES384 => "ecdsa-p384-sha384",
        Alg::EdDSA | Alg::Ed25519 => "ed25519",
        Alg::PS512 => "rsa-pss-sha512",
        Alg::RS256 => "rsa-v1_5-sha256",
        _ => return None,
    })
}

/// The algorithm of a registered name.
pub fn algorithm_named(name: &str) -> Option<Alg> {
    let all = [Alg::HS256, Alg::ES256, Alg::ES384, Alg::EdDSA, Alg::PS512, Alg::RS256];
    all.into_iter().find(|alg| registered_name(*alg) == Some(name))
}

pub(crate) struct HttpSignatureScheme;

impl Scheme for HttpSignatureScheme {
    fn name(&self) -> &'static str {
        "http-signature"
    }

    fn profile_name(&self) -> &'static str {
        "http-message-signatures"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["httpsig", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::header("Signature")
    }

    /// Without a message there is nothing to sign.
    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn prove(&self, carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
        Ok(MessageParts::of(proof, occasion)?.signed(carrier))
    }

    fn forgeries(&self) -> &'static [Forgery] {
        forgeries::FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        let input = Carried::beside("Signature-Input", r#"sig1=("@method");created=1;keyid="authbench""#);
        let with_input = |(phrase, carried): (Phrase, Vec<Carried>)| (phrase, [vec![input.clone()], carried].concat());
        malformed::behind_prefix(carrier).into_iter().map(with_input).collect()
    }
}
