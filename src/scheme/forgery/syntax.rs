//! Forgeries about the syntax of the `Authorization` field (RFC 9110 §11.4); they fit every scheme that travels there.

use crate::scheme::{Carried, Forged, Forgery, ForgeryContext, Unforgeable};

/// The bytes of a value that is longer than any credential.
const VERY_LONG: usize = 64 * 1024;

pub(crate) const FORGERIES: &[Forgery] = &[
    Forgery::new("scheme-lower-case", "the scheme name in lower case", |context| {
        written(context, |scheme, value| format!("{} {value}", scheme.to_ascii_lowercase()))
    }),
    Forgery::new("scheme-upper-case", "the scheme name in upper case", |context| {
        written(context, |scheme, value| format!("{} {value}", scheme.to_ascii_uppercase()))
    }),
    Forgery::new("scheme-mixed-case", "the scheme name in mixed case", |context| {
        written(context, |scheme, value| format!("{} {value}", mixed(scheme)))
    }),
    Forgery::new("two-spaces", "two spaces after the scheme name", |context| {
        written(context, |scheme, value| format!("{scheme}  {value}"))
    }),
    // RFC 9110 §5.5: a field value has no whitespace at its end, whatever was sent
    Forgery::new("spaces-behind", "two spaces behind the credential", |context| {
        written(context, |scheme, value| format!("{scheme} {value}  "))
    }),
    Forgery::new("scheme-alone", "the scheme name and nothing after it", |context| {
        written(context, |scheme, _| scheme.to_owned())
    }),
    Forgery::new("scheme-and-space", "the scheme name and a space", |context| {
        written(context, |scheme, _| format!("{scheme} "))
    }),
    Forgery::new("word-before", "a word between scheme name and credential", |context| {
        written(context, |scheme, value| format!("{scheme} x {value}"))
    }),
    Forgery::new("word-behind", "a word behind the credential", |context| {
        written(context, |scheme, value| format!("{scheme} {value} x"))
    }),
    Forgery::new("scheme-colon", "a colon after the scheme name", |context| {
        written(context, |scheme, value| format!("{scheme}: {value}"))
    }),
    Forgery::new("no-space", "no space after the scheme name", |context| {
        written(context, |scheme, value| format!("{scheme}{value}"))
    }),
    // white space to libraries of text that read fields as Latin-1
    Forgery::new("no-break-space", "a no-break space after the scheme name", |context| {
        written(context, |scheme, value| [scheme.as_bytes(), b"\xa0", value.as_bytes()].concat())
    }),
    Forgery::new("scheme-token", "the credential behind the scheme name Token", |context| behind(context, "Token")),
    Forgery::new("scheme-jwt", "the credential behind the scheme name JWT", |context| behind(context, "JWT")),
    Forgery::new("scheme-basic", "the credential behind the scheme name Basic", |context| behind(context, "Basic")),
    Forgery::new("scheme-bearer", "the credential behind the scheme name Bearer", |context| behind(context, "Bearer")),
    Forgery::new("scheme-unknown", "the credential behind a scheme name that does not exist", |context| {
        written(context, |_, value| format!("Authbench {value}"))
    }),
    Forgery::new("scheme-prefixed", "the credential behind a scheme name that ends with the right one", |context| {
        written(context, |scheme, value| format!("X{scheme} {value}"))
    }),
    Forgery::new("scheme-suffixed", "the credential behind a scheme name that starts with the right one", |context| {
        written(context, |scheme, value| format!("{scheme}x {value}"))
    }),
    Forgery::new("scheme-absent", "the credential without a scheme name", |context| {
        written(context, |_, value| value.to_owned())
    }),
    Forgery::new("comma-alone", "a comma for a credential", |context| {
        written(context, |scheme, _| format!("{scheme} ,"))
    }),
    Forgery::new("very-long", "a credential of 64 KiB", |context| {
        written(context, |scheme, _| format!("{scheme} {}", "a".repeat(VERY_LONG)))
    }),
];

/// The field written anew from the scheme name and the good credential.
/// The credential behind another scheme name; names are compared without regard to case (RFC 9110 §11.1).
fn behind(context: &ForgeryContext<'_>, name: &str) -> Forged {
    let mut forged = written(context, |_, value| value.to_owned())?;
    let own = context.carry(context.proof).pop().map(|one| String::from_utf8_lossy(&one.value).into_owned());
    if own.and_then(|own| Some(own.split_once(' ')?.0.eq_ignore_ascii_case(name))).unwrap_or_default() {
        return Err(Unforgeable(format!("{name} is the scheme name of the credential")));
    }
    if let Some(last) = forged.last_mut() {
        last.value.splice(0..0, format!("{name} ").into_bytes());
    }
    Ok(forged)
}

fn written<T: Into<Vec<u8>>>(context: &ForgeryContext<'_>, write: fn(&str, &str) -> T) -> Forged {
    let mut carried = context.carry(context.proof);
    // the credential is the last that is carried; what goes along with it stays
    let good = carried.pop().ok_or_else(|| Unforgeable("nothing to carry".to_owned()))?;
    let text = String::from_utf8_lossy(&good.value).into_owned();
    let Some((scheme, value)) = text.split_once(' ') else {
        return Err(Unforgeable("the credential stands behind no scheme name".to_owned()));
    };
    carried.push(Carried::new(&context.carrier.place, write(scheme, value).into()));
    Ok(carried)
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
    use crate::scheme::api_key::ApiKeyScheme;
    use crate::scheme::bearer::BearerScheme;
    use crate::scheme::{Carrier, Proof, Scheme};
    use crate::secret::Secret;

    fn forged(id: &str, scheme: &dyn Scheme, proof: &Proof, carrier: &Carrier) -> Forged {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let forgery = FORGERIES.iter().find(|forgery| forgery.id.as_str() == id).expect("a forgery");
        let kit = crate::scheme::jwt::Kit::default();
        (forgery.forge)(&mut ForgeryContext { scheme, carrier, proof, rng: &mut rng, kit: &kit, occasion: None })
    }

    #[test]
    fn the_field_is_written_anew() {
        let (token, header) = (Proof::Token(Secret::new("abc")), Carrier::authorization("Bearer"));
        for (name, expected) in [
            ("scheme-mixed-case", "bEaReR abc"),
            ("spaces-behind", "Bearer abc  "),
            ("word-before", "Bearer x abc"),
            ("word-behind", "Bearer abc x"),
            ("scheme-token", "Token abc"),
            ("scheme-jwt", "JWT abc"),
            ("scheme-unknown", "Authbench abc"),
            ("scheme-prefixed", "XBearer abc"),
            ("scheme-suffixed", "Bearerx abc"),
            ("scheme-absent", "abc"),
            ("no-space", "Bearerabc"),
        ] {
            let carried = forged(name, &BearerScheme, &token, &header).expect("is made");
            assert_eq!(carried[0].value, expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_key_without_a_scheme_name_has_no_such_syntax() {
        let (key, header) = (Proof::Key(Secret::new("abc")), Carrier::header("X-API-Key"));
        assert!(forged("scheme-lower-case", &ApiKeyScheme, &key, &header).is_err());
    }
}
