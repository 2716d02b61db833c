//! How a client proves who it is: one file for each scheme, each with its table of forgeries.

mod api_key;
mod basic;
mod bearer;
mod carrier;
mod companion;
mod digest;
pub mod dpop;
mod forgery;
mod hmac;
pub mod httpsig;
pub mod jose;
pub mod jwt;
pub mod mtls;
mod none;
mod occasion;
mod session;
pub mod signing;
pub(crate) mod sigv4;

use std::sync::Arc;

use rand::rngs::StdRng;

pub use carrier::{Carried, Carrier, CarrierPlace, RequestPart};
pub use companion::{Companion, is_below};
pub(crate) use forgery::values::{forged as forged_value, left_over_bits};
pub use occasion::{Occasion, Reuse, Turn};
pub use session::Renaming;

use crate::observe::{Challenge, ForgeryId, Phrase};
use crate::secret::Secret;

/// What a good request carried before, once more.
const REPLAYED: ForgeryId = ForgeryId::new("replayed");

/// What a client holds to prove who it is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A shared key.
    Key(Secret),
    /// A user-id and a password (RFC 7617).
    Password {
        /// User-id; without a colon (RFC 7617 §2).
        user: String,
        /// Password.
        password: Secret,
    },
    /// A token, obtained or given (RFC 6750).
    Token(Secret),
    /// A certificate that is presented in the TLS handshake; its key is with whoever connects.
    Certificate(Arc<mtls::CertificateProof>),
    /// A token that is bound to a key (RFC 9449).
    Bound(dpop::BoundToken),
    /// A shared secret that signs each request.
    Signing(Arc<signing::SigningCredential>),
    /// A key that signs each message.
    Message(Arc<httpsig::MessageKey>),
}

impl Proof {
    /// The secret part, for the scrubber and for forgeries.
    pub fn secret(&self) -> &str {
        match self {
            Proof::Key(secret) | Proof::Token(secret) | Proof::Password { password: secret, .. } => secret.expose(),
            Proof::Bound(bound) => bound.token.expose(),
            Proof::Signing(own) => own.secret.expose(),
            // a certificate is public, and of a private key what is secret is noted where it is read
            Proof::Certificate(_) | Proof::Message(_) => "",
        }
    }
}

/// What a forgery is made from.
pub struct ForgeryContext<'a> {
    /// The scheme whose credential is forged.
    pub scheme: &'a dyn Scheme,
    /// Where the scheme puts its credential.
    pub carrier: &'a Carrier,
    /// The good proof.
    pub proof: &'a Proof,
    /// Randomness of the run; seeded, so that a run can be repeated.
    pub rng: &'a mut StdRng,
    /// What else there is to forge with: keys, and a listener.
    pub kit: &'a jwt::Kit,
    /// The request that the credential is made for, where the scheme makes one for each request.
    pub occasion: Option<&'a Occasion<'a>>,
}

impl ForgeryContext<'_> {
    /// What goes onto the wire for another proof than the good one, as the scheme carries it.
    pub fn carry(&self, proof: &Proof) -> Vec<Carried> {
        match self.occasion {
            Some(occasion) => self.scheme.prove(self.carrier, proof, occasion).unwrap_or_default(),
            None => self.scheme.carry(self.carrier, proof),
        }
    }
}

/// What a forgery needs beside a good credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: one valid credential is enough.
    Token,
    /// The key that signs for the issuer.
    IssuerKey,
    /// Two keys of the issuer.
    SecondKey,
    /// The keys of two issuers.
    SecondIssuer,
    /// The keys that the issuer publishes.
    PublishedKeys,
}

/// Why a forgery cannot be told with what is there; its check is not tested, for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unforgeable(pub String);

/// What goes onto the wire instead of the good credential: carriers in order.
pub type Forged = Result<Vec<Carried>, Unforgeable>;

/// One forgery.
#[derive(Clone, Copy, Debug)]
pub struct Forgery {
    /// Id, as steps and lanes use it.
    pub id: ForgeryId,
    /// What it is, for a finding.
    pub description: Phrase,
    /// Makes it. It differs from the good credential in what the description names and in nothing else.
    pub forge: fn(&mut ForgeryContext<'_>) -> Forged,
}

impl Forgery {
    /// A row of a table of forgeries.
    pub(crate) const fn new(
        id: &'static str,
        description: &'static str,
        forge: fn(&mut ForgeryContext<'_>) -> Forged,
    ) -> Self {
        Self { id: ForgeryId::new(id), description: Phrase::new(description), forge }
    }
}

/// A way of proving who one is.
pub trait Scheme: Send + Sync {
    /// Its name in scenarios.
    fn name(&self) -> &'static str;
    /// Its name in profiles.
    fn profile_name(&self) -> &'static str;
    /// Topics of the catalogue that apply to it.
    fn groups(&self) -> &'static [&'static str];
    /// Where the credential goes unless the scenario says otherwise.
    fn carrier(&self) -> Carrier;
    /// What a client of this scheme holds once it has obtained a value, for a user where the scheme names one.
    fn held(&self, value: &Secret, _user: &str) -> Proof {
        Proof::Token(value.clone())
    }
    /// Whether it proves who a client is in the TLS handshake: a refusal may be an alert then, and no answer.
    fn proves_in_handshake(&self) -> bool {
        false
    }
    /// What goes onto the wire for a good proof.
    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried>;
    /// How long what it makes for a request may be sent again.
    fn reuse(&self) -> Reuse {
        Reuse::WhileHeld
    }

    /// What goes onto the wire for a good proof and one request.
    ///
    /// # Errors
    /// Says why nothing can be made for the request, such as a challenge that is missing.
    fn prove(&self, carrier: &Carrier, proof: &Proof, _occasion: &Occasion<'_>) -> Forged {
        Ok(self.carry(carrier, proof))
    }

    /// Whether what it makes for a request answers a challenge: one is asked for first, then.
    fn answers_challenges(&self) -> bool {
        false
    }

    /// The challenge of a refusal that it answers (RFC 9110 §11.6.1), where it answers challenges.
    fn challenge(&self, _challenges: &[Challenge]) -> Option<Challenge> {
        None
    }

    /// A challenge that no target sent: its answer is refused, and the refusal has a challenge of the target.
    fn made_up_challenge(&self) -> Option<Challenge> {
        None
    }

    /// Whether a forgery is what a good request carried before, sent once more.
    fn replays(&self, id: ForgeryId) -> bool {
        id == REPLAYED && self.reuse() == Reuse::Once
    }

    /// Its forgeries.
    fn forgeries(&self) -> &'static [Forgery];
    /// Malformed credentials that no parser may choke on: what each is, and the carriers.
    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)>;

    /// What a forgery of this scheme needs.
    fn needs(&self, _id: ForgeryId) -> Need {
        Need::Token
    }

    /// Why a forgery makes no sense about this credential, whatever the scenario supplied.
    fn inapplicable(&self, _id: ForgeryId, _context: &ForgeryContext<'_>) -> Option<String> {
        None
    }

    /// Makes a forgery: one of the scheme's, or one about placement or syntax.
    ///
    /// # Errors
    /// Says what is missing where the forgery cannot be made.
    fn forge(&self, id: ForgeryId, context: &mut ForgeryContext<'_>) -> Forged {
        let Some(forgery) = self.forgery(id) else {
            return Err(Unforgeable(format!("{} has no forgery {id}", self.name())));
        };
        (forgery.forge)(context)
    }

    /// A forgery of this scheme by its id.
    fn forgery(&self, id: ForgeryId) -> Option<&'static Forgery> {
        self.forgery_named(id.as_str())
    }

    /// A forgery of this scheme by its id as a scenario writes it.
    fn forgery_named(&self, written: &str) -> Option<&'static Forgery> {
        self.forgeries()
            .iter()
            .chain(forgery::placement::FORGERIES)
            .chain(forgery::syntax::FORGERIES)
            .find(|forgery| forgery.id.as_str() == written)
    }
}

/// All schemes that a scenario can name.
pub const SCHEMES: &[&dyn Scheme] = &[
    &none::NoScheme,
    &api_key::ApiKeyScheme,
    &session::SessionScheme,
    &basic::BasicScheme,
    &digest::DigestScheme,
    &bearer::BearerScheme,
    &bearer::ClientCredentialsScheme,
    &jwt::JwtScheme,
    &jwt::ClientCredentialsJwtScheme,
    &dpop::DpopScheme,
    &mtls::MtlsScheme,
    &hmac::HmacScheme,
    &sigv4::SigV4Scheme,
    &httpsig::HttpSignatureScheme,
];

/// A scheme by its name in scenarios.
pub fn find(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::step::{FormAuth, FormStep, Send, Step, Who};

    fn forgeries_of(step: &Step) -> Vec<ForgeryId> {
        match step {
            Step::Send(Send { who: Who::EachForged(ids), .. }) => ids.iter().collect(),
            Step::Send(Send { who: Who::Forged(id) | Who::ForgedLow(id) | Who::ForgedAccount(_, id), .. }) => vec![*id],
            Step::Form(FormStep { proof: Some(id), .. }) => vec![*id],
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_forgery_that_a_check_sends_is_in_the_table_of_its_schemes() {
        for check in crate::check::catalogue() {
            let schemes = || SCHEMES.iter().filter(|scheme| check.is_of(scheme.groups()));
            for step in check.steps {
                // what is left out where it cannot be made need not be known to each
                let is_optional = matches!(step, Step::Send(Send { optional: true, .. }));
                for id in forgeries_of(step) {
                    let lacking: Vec<&str> =
                        schemes().filter(|one| one.forgery(id).is_none()).map(|one| one.name()).collect();
                    let is_known = lacking.is_empty() || (is_optional && lacking.len() < schemes().count());
                    assert!(is_known, "{}: {lacking:?} have no forgery {id}", check.id);
                }
            }
        }
    }

    #[test]
    fn every_forgery_about_assertions_is_known() {
        for check in crate::check::catalogue() {
            for step in check.steps {
                if let Step::Form(FormStep { auth: FormAuth::ForgedAssertion(id), .. }) = step {
                    assert!(jwt::Assertions::knows(*id), "{}: there is no forgery {id}", check.id);
                }
            }
        }
    }

    #[test]
    fn ids_of_forgeries_are_unique() {
        for scheme in SCHEMES {
            let mut ids = std::collections::BTreeSet::new();
            for forgery in scheme.forgeries() {
                assert!(ids.insert(forgery.id), "{} twice in {}", forgery.id, scheme.name());
            }
        }
    }
}
