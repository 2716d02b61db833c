//! `WWW-Authenticate`: challenges that were read and are written again read as the same, apart from quotation marks.

use authbench::observe::{Challenge, parse_challenges};

pub(super) const WORDS: &[&str] = &[
    "Bearer",
    "Basic ",
    "Digest ",
    "Negotiate ",
    "DPoP ",
    "realm=\"a\"",
    "realm=a",
    "error=\"invalid_token\"",
    "error=insufficient_scope",
    "scope=\"a b\"",
    "charset=\"UTF-8\"",
    "algs=\"ES256\"",
    ", ",
    ",",
    "=",
    "==",
    " = ",
    "\"",
    "\\",
    "\\\"",
    "abc==",
    "\t",
    "\n",
];

fn written(challenge: &Challenge) -> String {
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let params: Vec<String> =
        challenge.params.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
    match &challenge.token68 {
        Some(token68) => format!("{} {token68}", challenge.scheme),
        None => format!("{} {}", challenge.scheme, params.join(", ")).trim_end().to_owned(),
    }
}

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match parse_challenges(text.lines()) {
        Ok(mut challenges) => {
            let line = challenges.iter().map(written).collect::<Vec<_>>().join(", ");
            // they are written with quotation marks throughout
            for challenge in &mut challenges {
                challenge.quoted = challenge.params.iter().map(|(name, _)| name.clone()).collect();
            }
            let again = parse_challenges([line.as_str()]);
            assert_eq!(again.as_ref(), Ok(&challenges), "{line}");
        }
        Err(error) => {
            let told = error.to_string();
            assert!(!told.chars().any(char::is_control), "an error with control characters: {told:?}");
        }
    }
}
