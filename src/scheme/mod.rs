//! How a client proves who it is: one file for each scheme, each with its table of lies.

mod api_key;
mod basic;
mod bearer;
mod carrier;
mod forgery;
pub mod jose;
pub mod jwt;
mod none;

use rand::rngs::StdRng;

pub use carrier::{Carried, Carrier};

use crate::secret::Secret;

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
}

impl Proof {
    /// The secret part, for the scrubber and for lies.
    pub fn secret(&self) -> &str {
        match self {
            Proof::Key(secret) | Proof::Token(secret) | Proof::Password { password: secret, .. } => secret.expose(),
        }
    }
}

/// What a lie is made from.
#[derive(Debug)]
pub struct Draft<'a> {
    /// Where the scheme puts its credential.
    pub carrier: &'a Carrier,
    /// The good proof.
    pub proof: &'a Proof,
    /// Randomness of the run; seeded, so that a run can be repeated.
    pub rng: &'a mut StdRng,
    /// What else there is to lie with: keys, and a listener.
    pub kit: &'a jwt::Kit,
}

/// What a lie needs beside a good credential.
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

/// Why a lie cannot be told with what is there; its check is not tested, for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unforgeable(pub String);

/// What goes onto the wire instead of the good credential: carriers in order.
pub type Forged = Result<Vec<Carried>, Unforgeable>;

/// One lie.
#[derive(Clone, Copy, Debug)]
pub struct Forgery {
    /// Name, as steps and lanes use it.
    pub name: &'static str,
    /// What it is, for a finding: completes "sent with …".
    pub says: &'static str,
    /// Tells it. It differs from the good credential in what `says` names and in nothing else.
    pub forge: fn(&mut Draft<'_>) -> Forged,
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
    /// What goes onto the wire for a good proof.
    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried>;
    /// Its lies.
    fn forgeries(&self) -> &'static [Forgery];
    /// Malformed credentials that no parser may choke on: a name and the carriers.
    fn malformed(&self, carrier: &Carrier) -> Vec<(String, Vec<Carried>)>;

    /// What a lie of this scheme needs.
    fn needs(&self, _name: &str) -> Need {
        Need::Token
    }

    /// Why a lie makes no sense about this credential, whatever the scenario supplied.
    fn inapplicable(&self, _name: &str, _draft: &Draft<'_>) -> Option<String> {
        None
    }

    /// Tells a lie by its name: one of the scheme's, or one about placement.
    ///
    /// # Errors
    /// Says what is missing where the lie cannot be told.
    fn forge(&self, name: &str, draft: &mut Draft<'_>) -> Forged {
        let Some(forgery) = self.forgery(name) else {
            return Err(Unforgeable(format!("{} has no forgery {name}", self.name())));
        };
        (forgery.forge)(draft)
    }

    /// A lie of this scheme by its name.
    fn forgery(&self, name: &str) -> Option<&'static Forgery> {
        self.forgeries()
            .iter()
            .chain(forgery::placement::FORGERIES)
            .chain(forgery::syntax::FORGERIES)
            .find(|forgery| forgery.name == name)
    }
}

/// All schemes that a scenario can name.
pub const SCHEMES: &[&dyn Scheme] = &[
    &none::None,
    &api_key::ApiKey,
    &basic::Basic,
    &bearer::Bearer,
    &bearer::ClientCredentials,
    &jwt::Jwt,
    &jwt::ClientCredentialsJwt,
];

/// A scheme by its name in scenarios.
pub fn find(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::step::{Send, Step, Who};

    fn forged(step: &Step) -> Vec<&'static str> {
        match step {
            Step::Send(Send { who: Who::EachForged(names), .. }) => names.to_vec(),
            Step::Send(Send {
                who: Who::Forged(name) | Who::ForgedLow(name) | Who::ForgedAccount(_, name), ..
            }) => vec![name],
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_lie_that_a_check_sends_is_in_the_table_of_its_schemes() {
        for check in crate::check::catalogue() {
            for scheme in SCHEMES.iter().filter(|scheme| scheme.groups().contains(&check.group())) {
                for name in check.steps.iter().flat_map(forged) {
                    assert!(scheme.forgery(name).is_some(), "{}: {} has no forgery {name}", check.id, scheme.name());
                }
            }
        }
    }

    #[test]
    fn every_lie_about_assertions_is_known() {
        use crate::check::step::{ClientAuth, Form};
        for check in crate::check::catalogue() {
            for step in check.steps {
                if let Step::Form(Form { auth: ClientAuth::ForgedAssertion(name), .. }) = step {
                    assert!(jwt::Assertions::knows(name), "{}: there is no lie {name}", check.id);
                }
            }
        }
    }

    #[test]
    fn names_of_lies_are_unique() {
        for scheme in SCHEMES {
            let mut names = std::collections::BTreeSet::new();
            for forgery in scheme.forgeries() {
                assert!(names.insert(forgery.name), "{} twice in {}", forgery.name, scheme.name());
            }
        }
    }
}
