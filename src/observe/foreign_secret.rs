//! Secrets of other systems in a text: what opens a database, a store of keys or a cloud, and is no credential of the scenario.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::contains;
use crate::secret::MASK;

/// A secret of another system, and where it is.
#[derive(Debug, PartialEq, Eq)]
struct ForeignSecret {
    /// What it is, for a reader; never its value.
    what: String,
    value: Range<usize>,
    /// Whether it looks like one that somebody uses: no word of a manual, and nothing that is masked already.
    is_real: bool,
}

/// Ends of names whose value, behind an equals sign, is a secret.
const NAMES: [&str; 7] = ["password", "passwd", "pwd", "storepass", "keypass", "secret", "secret_access_key"];
/// Names whose values are secrets even if they are words.
const OF_KEY_STORES: [&str; 2] = ["storepass", "keypass"];
/// Words that stand for a value in manuals, and in texts that leave it out.
const PLACEHOLDERS: [&str; 20] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "user",
    "username",
    "token",
    "null",
    "none",
    "true",
    "false",
    "undefined",
    "redacted",
    "filtered",
    "hidden",
    "masked",
    "removed",
    "changeme",
    "required",
];
/// Parts of such words.
const PARTS_OF_PLACEHOLDERS: [&str; 5] = ["your", "example", "placeholder", "redacted", "filtered"];
/// Hosts of manuals.
const HOSTS_OF_MANUALS: [&str; 4] = ["host", "hostname", "server", "example.com"];
/// Characters of a password that is worth naming.
const SHORTEST: usize = 4;
/// The same behind an equals sign, where more is no secret.
const SHORTEST_BEHIND_NAME: usize = 6;
/// Characters of Base64 behind the first line of a private key.
const SHORTEST_KEY: usize = 40;
/// Characters of an identifier of an access key of AWS, behind its first four.
const REST_OF_ACCESS_KEY: usize = 16;

/// What of another system an answer shows, in words, unless what was sent holds it as well.
pub fn foreign_secret_in(body: &[u8], sent: impl Fn() -> Vec<u8>) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let found = all_in(&text);
    let own = |one: &ForeignSecret| one.is_real && !contains(&sent(), text[one.value.clone()].as_bytes());
    found.into_iter().find(own).map(|one| one.what)
}

/// A text in which none of them can be read. Whether somebody uses it does not count here.
pub(super) fn without_foreign_secrets(text: &str) -> Cow<'_, str> {
    let mut found = all_in(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|one| one.value.start);
    let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
    for ForeignSecret { value, .. } in found.into_iter().filter(|one| !text[one.value.clone()].starts_with(MASK)) {
        if value.start >= from {
            clean.push_str(&text[from..value.start]);
            clean.push_str(MASK);
        }
        from = from.max(value.end);
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean)
}

/// The searches, built once: every field of every answer is searched.
static KEY_START: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("-----BEGIN "));
static ACCESS_KEY_START: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("AKIA"));
/// PHP writes a slash in JSON with a backslash before it.
static ADDRESS_SIGNS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["://", ":\\/\\/"].map(Finder::new));

fn all_in(text: &str) -> Vec<ForeignSecret> {
    let keys = KEY_START.find_iter(text.as_bytes()).filter_map(|at| private_key(text, at));
    let addresses = ADDRESS_SIGNS.iter().flat_map(|sign| {
        let places = sign.find_iter(text.as_bytes());
        places.filter_map(move |at| in_address(text, at, at + sign.needle().len()))
    });
    let pairs = memchr::memchr_iter(b'=', text.as_bytes()).filter_map(|at| behind_name(text, at));
    let access_keys = ACCESS_KEY_START.find_iter(text.as_bytes()).filter_map(|at| access_key(text, at));
    keys.chain(addresses).chain(pairs).chain(access_keys).collect()
}

/// A private key in PEM (RFC 7468 §10).
fn private_key(text: &str, at: usize) -> Option<ForeignSecret> {
    let (label, _) = text[at..].split_once("-----").and_then(|(_, rest)| rest.split_once("-----"))?;
    if !label.ends_with("PRIVATE KEY") || label.len() > 40 {
        return None;
    }
    let start = at + "-----".len() + label.len() + "-----".len();
    let end = text[start..].find("-----END").map_or(text.len(), |end| start + end);
    let is_coded = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let is_real = text[start..end].chars().filter(is_coded).count() >= SHORTEST_KEY;
    let value = start..end;
    (!value.is_empty()).then(|| ForeignSecret { what: "a private key".to_owned(), value, is_real })
}

/// The password in an address (RFC 3986 §3.2.1) whose scheme ends at one place, and whose authority starts at another.
fn in_address(text: &str, scheme_end: usize, start: usize) -> Option<ForeignSecret> {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let scheme = &text[text[..scheme_end].trim_end_matches(is_of_scheme).len()..scheme_end];
    let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '\\' | '`');
    let authority = text[start..].split(ends).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    if scheme.is_empty() || password.is_empty() {
        return None;
    }
    let from = start + name.len() + 1;
    let host = host.split([':', ',']).next().unwrap_or_default().to_ascii_lowercase();
    let is_real = password.chars().count() >= SHORTEST
        && !is_placeholder(password)
        && !host.is_empty()
        && !HOSTS_OF_MANUALS.contains(&host.as_str());
    let what = format!("the password of an address that starts with {}://", scheme.to_ascii_lowercase());
    Some(ForeignSecret { what, value: from..from + password.len(), is_real })
}

/// The value behind the equals sign at this place, where the name before it is one of a secret.
fn behind_name(text: &str, at: usize) -> Option<ForeignSecret> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let before = text[..at].trim_end_matches(is_of_name);
    let name = text[before.len()..at].to_ascii_lowercase();
    let known = NAMES.into_iter().find(|known| name.ends_with(known))?;
    // an attribute of a page
    let start = at + 1 + usize::from(text[at + 1..].starts_with(['"', '\'']));
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | ',' | '<' | '>' | ')' | ']' | '}' | '`' | '\\')
    };
    let value = text[start..].split(ends).next().unwrap_or_default();
    if value.is_empty() {
        return None;
    }
    // a page names its link to another password so
    let is_link = value.starts_with(['/', '#', '?', '.']) || value.contains("://");
    let is_mixed = value.chars().any(|c| c.is_ascii_digit()) || value.chars().any(|c| !c.is_alphanumeric());
    let is_real = value.chars().count() >= SHORTEST_BEHIND_NAME
        && !is_placeholder(value)
        && !is_expression(value)
        && !is_link
        && (is_mixed || OF_KEY_STORES.contains(&known));
    Some(ForeignSecret { what: format!("the value of {known}="), value: start..start + value.len(), is_real })
}

/// The identifier of an access key of AWS: who has it knows the account, and its secret is seldom far.
fn access_key(text: &str, at: usize) -> Option<ForeignSecret> {
    let length = "AKIA".len() + REST_OF_ACCESS_KEY;
    let is_of_key = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let key = text[at..].split(|c| !is_of_key(c)).next().unwrap_or_default();
    let is_alone = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
        && !text[at + key.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let value = at..at + key.len();
    (is_alone && key.len() == length).then(|| ForeignSecret {
        what: "an access key of AWS".to_owned(),
        is_real: !is_placeholder(key),
        value,
    })
}

/// Whether a value only stands for one.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let first = lower.chars().next().unwrap_or_default();
    let is_filled = lower.chars().all(|c| c == first) || lower.contains("***") || lower.contains(MASK);
    let is_variable = lower.contains(['<', '>', '{', '}', '$', '[', ']', '…']) || lower.starts_with('%');
    is_filled
        || is_variable
        || PLACEHOLDERS.contains(&lower.as_str())
        || PARTS_OF_PLACEHOLDERS.iter().any(|part| lower.contains(part))
}

/// Whether a value is one of a program: a call, or a member of something.
fn is_expression(value: &str) -> bool {
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    value.contains('(')
        || (value.contains('.') && value.split('.').all(|part| is_name(part) && !starts_with_digit(part)))
}

fn starts_with_digit(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Exchange, Request, Response, Silence};
    use crate::secret::Scrubber;

    const KEY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

    fn in_pem(kind: &str, text: &str) -> String {
        format!("{}BEGIN {kind}KEY-----\n{text}\n{}END {kind}KEY-----", "-".repeat(5), "-".repeat(5))
    }

    #[test]
    fn secrets_of_other_systems_are_named_and_never_shown() {
        let private = in_pem("PRIVATE ", KEY);
        let access = format!("{}{}", "AK", "IA2OGYBAH6RT4QXW7P");
        for (text, what, secret) in [
            (
                "no route to postgres://fleet:Qm7-tar@db.internal:5432/x",
                "the password of an address that starts with postgres://",
                "Qm7-tar",
            ),
            (
                r#"{"dsn":"mysql:\/\/clinic:hunter@10.2.0.7"}"#,
                "the password of an address that starts with mysql://",
                "hunter",
            ),
            ("redis://:s3cr@cache", "the password of an address that starts with redis://", "s3cr"),
            ("-keystore k.p12 -storepass=changeit", "the value of storepass=", "changeit"),
            ("DB_PASSWORD=tarpaulin7;", "the value of password=", "tarpaulin7"),
            ("jdbc:sqlserver://h;user=sa;password='P@ss-1x'", "the value of password=", "P@ss-1x"),
            (&private, "a private key", KEY),
            (&access, "an access key of AWS", &access),
        ] {
            assert_eq!(foreign_secret_in(text.as_bytes(), Vec::new).as_deref(), Some(what), "{text}");
            let clean = without_foreign_secrets(text);
            assert!(!clean.contains(secret) && clean.contains(MASK), "{text}: {clean}");
            assert_eq!(without_foreign_secrets(&clean), clean, "{text}");
            // what was sent may be repeated
            assert_eq!(foreign_secret_in(text.as_bytes(), || text.into()), None, "{text}");
        }
    }

    #[test]
    fn a_record_of_an_answer_has_no_secret_of_another_system() {
        let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
        let location = ("location".to_owned(), b"https://fleet:Qm7-tar@db.internal/".to_vec());
        let body = br#"{"detail":"postgres://fleet:Qm7-tar@db.internal"}"#.to_vec();
        let response = Response { status: 500, headers: vec![location], body, truncated: false };
        let record = Exchange { answer: Ok(response), ..asked }.record(&Scrubber::default());
        let record = serde_json::to_string(&record).expect("is JSON");
        assert!(!record.contains("Qm7") && record.matches(MASK).count() == 2, "{record}");
    }

    #[test]
    fn manuals_pages_and_masks_show_none() {
        let public = in_pem("PUBLIC ", KEY);
        let short = in_pem("PRIVATE ", "...");
        for text in [
            "use postgres://user:password@host/db",
            "postgres://fleet:<password>@db",
            "postgres://fleet:***@db",
            "postgres://fleet:${PASSWORD}@db",
            "postgres://fleet@db:5432/x",
            "https://shop.example/a:b@c",
            "http://a.example:8080/x?mail=a@b.example",
            "password=",
            "password=[FILTERED]",
            "secret=********",
            "password=reset",
            "<input type=password name=\"password\">",
            "password=document.forms.login.value",
            "secret=load()",
            "password=required",
            "<a data-forgot-password=\"/reset/2/start\">",
            "AKIAIOSFODNN7EXAMPLE",
            "XAKIA2OGYBAH6RT4QXW7P",
            &public,
            &short,
        ] {
            assert_eq!(foreign_secret_in(text.as_bytes(), Vec::new), None, "{text}");
        }
    }
}
