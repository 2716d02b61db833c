//! Tokens of password resets that look like the right one and are not, and how long it takes to find that one.

use percent_encoding::percent_decode_str;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{LoginSession, ReadMail};
use crate::secret::Secret;

/// Which characters an alphabet has, and how many.
type Alphabet = (fn(u8) -> bool, u32);

/// The least number of kinds of characters from which those of a token are taken, by what it has.
const ALPHABETS: [Alphabet; 4] = [
    (|byte| byte.is_ascii_digit(), 10),
    (|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte), 16),
    (|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase(), 36),
    (|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase(), 36),
];
/// The same of any other token: what Base64 for addresses has (RFC 4648 §5).
const MOST: u32 = 64;

/// How many bits a token may have at most, by its length and its characters.
pub fn token_bits_at_most(token: &Secret) -> f64 {
    let bytes = || token.expose().bytes().filter(u8::is_ascii_alphanumeric);
    let kinds = ALPHABETS.iter().find(|(has, _)| bytes().all(has)).map_or(MOST, |(_, kinds)| *kinds);
    bytes().count() as f64 * f64::from(kinds).log2()
}

/// A text of the same form as a token.
fn alike(token: &str, rng: &mut StdRng) -> String {
    let is_hex =
        token.bytes().all(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphabetic() || byte.is_ascii_hexdigit());
    let other = |byte: u8, rng: &mut StdRng| match byte {
        b'0'..=b'9' => rng.random_range(b'0'..=b'9'),
        b'a'..=b'f' if is_hex => rng.random_range(b'a'..=b'f'),
        b'A'..=b'F' if is_hex => rng.random_range(b'A'..=b'F'),
        b'a'..=b'z' => rng.random_range(b'a'..=b'z'),
        b'A'..=b'Z' => rng.random_range(b'A'..=b'Z'),
        byte => byte,
    };
    let ascii: Vec<char> = token
        .chars()
        .map(|c| u8::try_from(c).map_or(c, |byte| if byte.is_ascii() { other(byte, rng).into() } else { c }))
        .collect();
    ascii.into_iter().collect()
}

/// A path with another text in place of each segment and parameter that is, decoded, this one; none where none is.
fn with_other_part(path: &str, text: &str, other: &str) -> Option<String> {
    let mut changed = String::with_capacity(path.len());
    let mut found = false;
    for piece in path.split_inclusive(['/', '?', '&', '=', ';', '#']) {
        let (part, end) = match piece.chars().next_back() {
            Some(last) if "/?&=;#".contains(last) => piece.split_at(piece.len() - last.len_utf8()),
            _ => (piece, ""),
        };
        let is_it = percent_decode_str(part).decode_utf8().is_ok_and(|decoded| decoded == text);
        found |= is_it;
        changed.push_str(if is_it { other } else { part });
        changed.push_str(end);
    }
    found.then_some(changed)
}

impl LoginSession {
    /// The token of the mail that it has read.
    pub fn reset_token(&self) -> Option<&Secret> {
        self.state.mail.as_ref().map(|mail| &mail.token)
    }

    /// The same session with a wrong token of the same form; none where there is no such one, or the path of the mail does not have the
    /// token as a part of its own.
    #[must_use]
    pub fn with_wrong_token(&self, rng: &mut StdRng) -> Option<Self> {
        const TRIES: usize = 16;
        let ReadMail { token, path, .. } = self.state.mail.as_ref()?;
        let wrong = (0..TRIES).map(|_| alike(token.expose(), rng)).find(|wrong| wrong != token.expose())?;
        let path = match path {
            Some(path) => Some(Secret::new(with_other_part(path.expose(), token.expose(), &wrong)?)),
            None => None,
        };
        let mut session = self.clone();
        if let Some(mail) = &mut session.state.mail {
            (mail.token, mail.path) = (Secret::new(wrong), path);
        }
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn short_codes_have_few_bits() {
        for (token, least, most) in [
            ("482913", 19.0, 20.0),
            ("48-29-13", 19.0, 20.0),
            ("7f3a9c", 23.0, 24.1),
            ("kx7mqz", 31.0, 31.1),
            ("Kx7mQz", 36.0, 36.1),
            ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", 128.0, 128.1),
            ("", -0.1, 0.1),
        ] {
            let bits = token_bits_at_most(&Secret::new(token));
            assert!(bits >= least && bits <= most, "{token}: {bits}");
        }
    }

    #[test]
    fn a_path_has_the_token_as_a_part_of_its_own() {
        for (path, token, expected) in [
            ("/reset/12345/1234", "1234", Some("/reset/12345/WRONG")),
            ("/reset?user=a%40b&token=a%2Bb%2F9x%3D%3D", "a+b/9x==", Some("/reset?user=a%40b&token=WRONG")),
            ("/reset/1234?next=/", "1234", Some("/reset/WRONG?next=/")),
            ("/reset/12345", "1234", None),
        ] {
            assert_eq!(with_other_part(path, token, "WRONG").as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_wrong_token_has_the_form_of_the_right_one() {
        let mut rng = StdRng::seed_from_u64(7);
        for token in ["482913", "7f3a-9c", "Kx7mQz", "ä1"] {
            let wrong = alike(token, &mut rng);
            assert_eq!(wrong.chars().count(), token.chars().count(), "{wrong}");
            let kinds = |text: &str| -> Vec<(bool, bool)> {
                text.chars().map(|c| (c.is_ascii_digit(), c.is_ascii_uppercase())).collect()
            };
            assert_eq!(kinds(&wrong), kinds(token), "{wrong}");
        }
        assert_eq!(alike("---", &mut rng), "---", "nothing to guess at");
    }
}
