//! Which texts may be secrets by their shape: a report that masks words, paths and addresses cannot be read.

/// Letters of one word; more of them in a row are random.
const LONGEST_WORD: usize = 20;
/// Characters of words in a row.
const LONGEST_WORDS: usize = 64;
/// Characters of a value in an address that may be a ticket.
const SHORTEST_TICKET: usize = 16;
/// Addresses within addresses that are read.
const DEPTH: usize = 3;
/// Parameters of an address that are public by their meaning (RFC 6749 §3.1, §4.1.1, RFC 8707 §2, OpenID Connect Core 1.0 §3.1.2.1).
const PUBLIC_PARAMETERS: [&str; 14] = [
    "audience",
    "client_id",
    "code_challenge_method",
    "display",
    "grant_type",
    "iss",
    "login_hint",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "ui_locales",
];

/// Whether the value of a parameter is public by its name.
pub fn is_public_parameter(name: &str) -> bool {
    PUBLIC_PARAMETERS.contains(&name)
}

/// Whether a text is made of words: letters of one case, or with one capital in front, with separators between them and without
/// a digit.
pub fn is_words(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut rest = word.chars();
        let first = rest.next();
        let all = |is: fn(char) -> bool| rest.clone().all(is);
        word.chars().count() <= LONGEST_WORD
            && word.chars().all(char::is_alphabetic)
            && (all(|c| !c.is_uppercase()) || (first.is_none_or(|c| !c.is_lowercase()) && all(|c| !c.is_lowercase())))
    };
    let separates = |c: char| matches!(c, ' ' | '-' | '_' | '.' | ':' | ',' | '/');
    !text.is_empty() && text.len() <= LONGEST_WORDS && text.split(separates).all(is_word)
}

/// Whether a value is long and mixed, as what a machine makes up is, and what a person names is not.
pub fn is_mixed(value: &str) -> bool {
    let has = |is: fn(char) -> bool| value.chars().any(is);
    let kinds = [has(|c| c.is_ascii_digit()), has(char::is_lowercase), has(char::is_uppercase)];
    value.len() >= SHORTEST_TICKET
        && kinds.into_iter().filter(|kind| *kind).count() > 1
        && !is_words(value)
        && !value.contains(' ')
}

/// The parts of a value that may be secret: all of it, none where it is made of words, and of an address or a path the mixed
/// values of its query and fragment, and the segments that are made up.
pub fn secret_parts(value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    match is_address(value) {
        false if is_words(value) => {}
        false => parts.push(value.to_owned()),
        true => parts_of_address(value, DEPTH, &mut parts),
    }
    parts
}

/// Whether a value is an address or a path. Base64 may start with a slash as well.
fn is_address(value: &str) -> bool {
    let is_address = value.contains("://") && !value.starts_with("://") && !value.contains(char::is_whitespace);
    is_address || (value.starts_with('/') && !value.ends_with('=') && !value.contains(char::is_whitespace))
}

fn parts_of_address(address: &str, depth: usize, parts: &mut Vec<String>) {
    let (before, fragment) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = before.split_once('?').unwrap_or((before, ""));
    // what follows the authority
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    parts.extend(path.split('/').filter(|segment| is_made_up(segment)).map(str::to_owned));
    let pairs = [query, fragment].into_iter().flat_map(|pairs| url::form_urlencoded::parse(pairs.as_bytes()));
    for (name, value) in pairs.filter(|(name, _)| !is_public_parameter(name) || name == "redirect_uri") {
        match is_address(&value) {
            true if depth > 0 => parts_of_address(&value, depth - 1, parts),
            true => {}
            false if is_mixed(&value) || (super::is_secret_name(&name) && !is_words(&value)) => {
                parts.push(value.into_owned());
            }
            false => {}
        }
    }
}

/// Whether a segment of a path has digits and letters of both cases, as tickets have; identifiers of objects have one case.
fn is_made_up(segment: &str) -> bool {
    let has = |is: fn(&char) -> bool| segment.chars().any(|c| is(&c));
    segment.len() >= SHORTEST_TICKET
        && has(char::is_ascii_digit)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_what_is_made_up() {
        for (text, words, mixed) in [
            ("allow", true, false),
            ("Sign in", true, false),
            ("ACCESS_DENIED", true, false),
            ("read:notes write:notes", true, false),
            ("correct-horse-battery", true, false),
            ("Europe/Berlin", true, false),
            ("rememberMe", false, false),
            ("Wr0ng-pass", false, false),
            ("6c1f0a8e52d9", false, false),
            ("kqzjxhvbwmpyrtlcdfgn", true, false),
            ("kqzjxhvbwmpyrtlcdfgnskqzjx", false, false),
            ("kqzjXhvbWmpyRtlcDfgn", false, true),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", false, true),
            ("5b0c5a8e-6a0e-4a39-9c3e-0f3f6f9f1a04", false, true),
            ("20261130054429000", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_words(text), is_mixed(text)), (words, mixed), "{text}");
        }
    }

    #[test]
    fn of_an_address_what_is_made_up_may_be_secret() {
        let inner = "/authorize?response_type=code&client_id=web-app-2026-production&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&\
                     scope=openid%20notes:read&state=st-4711&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let outer: String = url::form_urlencoded::byte_serialize(inner.as_bytes()).collect();
        let nested = format!("http://127.0.0.1:21100/login?next={outer}&ticket=a8Kq27ZxP0sLm49T&lang=en");
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        for (value, expected) in [
            ("/account", vec![]),
            ("/admin/users/5b0c5a8e-6a0e-4a39-9c3e-0f3f6f9f1a04?page=2", vec![]),
            ("https://app.example/welcome", vec![]),
            (inner, vec![challenge]),
            (&nested, vec![challenge, "a8Kq27ZxP0sLm49T"]),
            ("/login/act/a8Kq27ZxP0sLm49T/go", vec!["a8Kq27ZxP0sLm49T"]),
            ("https://app.example/cb#access_token=6c1f0a8e52d9&token_type=bearer", vec!["6c1f0a8e52d9"]),
            // Base64 is no path
            ("/9j4AAQSkZJRg+ABAQ==", vec!["/9j4AAQSkZJRg+ABAQ=="]),
            ("/9j4AAQSkZJRgABAQxx", vec!["9j4AAQSkZJRgABAQxx"]),
            ("allow", vec![]),
            ("continue-with-login", vec![]),
            ("6c1f0a8e52d9", vec!["6c1f0a8e52d9"]),
            ("U5QuThKztdAkzzQpRw7uTbYc", vec!["U5QuThKztdAkzzQpRw7uTbYc"]),
        ] {
            assert_eq!(secret_parts(value), expected, "{value}");
        }
    }
}
