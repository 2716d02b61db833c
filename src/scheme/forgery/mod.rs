//! Forgeries that fit several schemes: altered values, where and how often a credential appears, how its line is written.

pub(crate) mod malformed;
pub(crate) mod placement;
pub(crate) mod syntax;
pub(crate) mod values;

/// What a scheme carries for a forgery of a proof: each place with its value.
#[cfg(test)]
pub(in crate::scheme) fn forged_in_test(
    id: &str,
    scheme: &dyn super::Scheme,
    proof: &super::Proof,
) -> Option<Vec<String>> {
    use rand::SeedableRng as _;
    let (mut rng, kit, carrier) = (rand::rngs::StdRng::seed_from_u64(1), super::jwt::Kit::default(), scheme.carrier());
    let (rng, kit, carrier) = (&mut rng, &kit, &carrier);
    let id = scheme.forgeries().iter().map(|forgery| forgery.id).find(|own| own.as_str() == id).expect("a forgery");
    let carried =
        scheme.forge(id, &mut super::ForgeryContext { scheme, carrier, proof, rng, kit, occasion: None }).ok()?;
    let shown = |one: super::Carried| format!("{:?} {}", one.place, one.value.escape_ascii());
    Some(carried.into_iter().map(shown).collect())
}
