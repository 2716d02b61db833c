//! No authentication: the baseline.

use crate::observe::Phrase;
use crate::scheme::{Carried, Carrier, Forgery, Proof, Scheme};

pub(crate) struct NoScheme;

impl Scheme for NoScheme {
    fn name(&self) -> &'static str {
        "none"
    }

    fn profile_name(&self) -> &'static str {
        "none"
    }

    fn groups(&self) -> &'static [&'static str] {
        &[]
    }

    fn carrier(&self) -> Carrier {
        Carrier::header("Authorization")
    }

    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn forgeries(&self) -> &'static [Forgery] {
        &[]
    }

    fn malformed(&self, _: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        Vec::new()
    }
}
