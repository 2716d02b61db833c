//! Lies about the syntax of the `Authorization` field (RFC 9110 §11.4); they fit every scheme that travels there.

use crate::scheme::forgery::placement;
use crate::scheme::{Carried, Draft, Forged, Forgery, Unforgeable};

/// The bytes of a value that is longer than any credential.
const VERY_LONG: usize = 64 * 1024;

pub(crate) const FORGERIES: &[Forgery] = &[
    lie("scheme-lower-case", "the scheme name in lower case", |draft| {
        written(draft, |scheme, value| format!("{} {value}", scheme.to_ascii_lowercase()))
    }),
    lie("scheme-upper-case", "the scheme name in upper case", |draft| {
        written(draft, |scheme, value| format!("{} {value}", scheme.to_ascii_uppercase()))
    }),
    lie("scheme-mixed-case", "the scheme name in mixed case", |draft| {
        written(draft, |scheme, value| format!("{} {value}", mixed(scheme)))
    }),
    lie("two-spaces", "two spaces after the scheme name", |draft| {
        written(draft, |scheme, value| format!("{scheme}  {value}"))
    }),
    lie("scheme-alone", "the scheme name and nothing after it", |draft| written(draft, |scheme, _| scheme.to_owned())),
    lie("scheme-and-space", "the scheme name and a space", |draft| written(draft, |scheme, _| format!("{scheme} "))),
    lie("word-before", "a word between scheme name and credential", |draft| {
        written(draft, |scheme, value| format!("{scheme} x {value}"))
    }),
    lie("scheme-colon", "a colon after the scheme name", |draft| {
        written(draft, |scheme, value| format!("{scheme}: {value}"))
    }),
    lie("no-space", "no space after the scheme name", |draft| {
        written(draft, |scheme, value| format!("{scheme}{value}"))
    }),
    lie("scheme-token", "the credential behind the scheme name Token", |draft| {
        written(draft, |_, value| format!("Token {value}"))
    }),
    lie("scheme-basic", "the credential behind the scheme name Basic", |draft| {
        written(draft, |_, value| format!("Basic {value}"))
    }),
    lie("comma-alone", "a comma for a credential", |draft| written(draft, |scheme, _| format!("{scheme} ,"))),
    lie("very-long", "a credential of 64 KiB", |draft| {
        written(draft, |scheme, _| format!("{scheme} {}", "a".repeat(VERY_LONG)))
    }),
];

const fn lie(name: &'static str, says: &'static str, forge: fn(&mut Draft<'_>) -> Forged) -> Forgery {
    Forgery { name, says, forge }
}

/// The field written anew from the scheme name and the good credential.
fn written(draft: &Draft<'_>, write: fn(&str, &str) -> String) -> Forged {
    let good = placement::carried(draft)?.pop();
    let good = good.ok_or_else(|| Unforgeable("nothing to carry".to_owned()))?;
    let text = String::from_utf8_lossy(&good.value).into_owned();
    let Some((scheme, value)) = text.split_once(' ') else {
        return Err(Unforgeable("the credential stands behind no scheme name".to_owned()));
    };
    Ok(vec![Carried::new(draft.carrier, write(scheme, value))])
}

/// Every other letter in upper case, beginning with the second: never the usual spelling.
fn mixed(scheme: &str) -> String {
    let swap = |(at, c): (usize, char)| if at % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
    scheme.chars().enumerate().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::scheme::{Carrier, Proof};
    use crate::secret::Secret;

    fn told(name: &str, proof: &Proof, carrier: &Carrier) -> Forged {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let lie = FORGERIES.iter().find(|lie| lie.name == name).expect("a lie");
        (lie.forge)(&mut Draft { carrier, proof, rng: &mut rng, kit: &crate::scheme::jwt::Kit::default() })
    }

    #[test]
    fn the_field_is_written_anew() {
        let (token, header) = (Proof::Token(Secret::new("abc")), Carrier::Header("Authorization".to_owned()));
        for (name, expected) in [
            ("scheme-mixed-case", "bEaReR abc"),
            ("word-before", "Bearer x abc"),
            ("scheme-token", "Token abc"),
            ("no-space", "Bearerabc"),
        ] {
            let carried = told(name, &token, &header).expect("is told");
            assert_eq!(carried[0].value, expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_key_without_a_scheme_name_has_no_such_syntax() {
        let (key, header) = (Proof::Key(Secret::new("abc")), Carrier::Header("X-API-Key".to_owned()));
        assert!(told("scheme-lower-case", &key, &header).is_err());
    }
}
