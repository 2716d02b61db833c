//! Known secrets in what a server sends, whole and as they are: in plain, with the escapes of JSON, in Base64 and in
//! hexadecimal digits. Unlike the scrubber, which takes out too much rather than too little, this has to be right.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::Secret;

/// Shorter values are words that occur by themselves.
const SHORTEST: usize = 12;
/// Characters of a line of a key in PEM that is worth looking for.
const SHORTEST_LINE: usize = 32;
/// Bytes of a form that are looked up at every place; the others are compared where these are.
const LOOKED_UP: usize = 16;
/// Members of a JSON Web Key that are secret (RFC 7518 §6).
const PRIVATE: [&str; 4] = ["k", "d", "p", "q"];

/// A secret by its name, with where its forms are among all.
struct Known {
    name: String,
    forms: Range<usize>,
}

/// The search for secrets in answers.
pub struct Disclosures {
    known: Vec<Known>,
    forms: Vec<Form>,
    /// The search for how the forms begin.
    beginnings: Option<AhoCorasick>,
}

/// One way in which a secret is written.
struct Form {
    called: &'static str,
    bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Disclosures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.known.len())
    }
}

impl Disclosures {
    /// Looks for these secrets, each with its name for a reader.
    pub fn of<'a>(secrets: impl IntoIterator<Item = (String, &'a Secret)>) -> Self {
        let (mut known, mut forms) = (Vec::new(), Vec::new());
        for (name, secret) in secrets {
            let start = forms.len();
            for part in parts(secret.expose()).iter().filter(|part| is_no_word(part.as_str())) {
                forms.extend(forms_of(part.as_bytes()));
            }
            if forms.len() > start {
                known.push(Known { name, forms: start..forms.len() });
            }
        }
        // a search that cannot be built finds nothing: there are too many patterns for any scenario
        let beginnings = (!forms.is_empty()).then(|| beginnings(&forms)).flatten();
        Self { known, forms, beginnings }
    }

    /// Whether it looks for nothing.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The first secret in some bytes, in words, unless what was sent holds it as well.
    pub fn first_in(&self, bytes: &[u8], sent: impl Fn() -> Vec<u8>) -> Option<String> {
        let of = |form: usize| self.known.iter().position(|known| known.forms.contains(&form));
        let found = self.all_in(bytes);
        if found.is_empty() {
            return None;
        }
        // a credential that comes back is another matter
        let carried: Vec<Option<usize>> = self.all_in(&sent()).into_iter().map(of).collect();
        let form = found.into_iter().find(|form| !carried.contains(&of(*form)))?;
        Some(format!("{} {}", self.known[of(form)?].name, self.forms[form].called))
    }

    /// The forms in some bytes, in the order of their places.
    fn all_in(&self, bytes: &[u8]) -> Vec<usize> {
        let Some(beginnings) = &self.beginnings else { return Vec::new() };
        let begun = beginnings.find_overlapping_iter(bytes).map(|found| (found.pattern().as_usize(), found.start()));
        begun.filter(|(form, at)| bytes[*at..].starts_with(&self.forms[*form].bytes)).map(|(form, _)| form).collect()
    }
}

/// A search that is built for each credential that is let in: tokens are long, and all of them in it take longer to build than all
/// answers take to search.
fn beginnings(forms: &[Form]) -> Option<AhoCorasick> {
    let beginnings = forms.iter().map(|form| &form.bytes[..form.bytes.len().min(LOOKED_UP)]);
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(beginnings).ok()
}

/// What of a secret is worth looking for: of a key in PEM its lines, of a JSON Web Key its private members.
fn parts(secret: &str) -> Vec<String> {
    if let Ok(Value::Object(key)) = serde_json::from_str(secret) {
        return PRIVATE.iter().filter_map(|name| key.get(*name)?.as_str().map(str::to_owned)).collect();
    }
    let lines = secret.lines().map(str::trim).collect::<Vec<_>>();
    match lines.len() {
        0 | 1 => vec![secret.trim().to_owned()],
        _ => {
            let worth = |line: &&&str| line.len() >= SHORTEST_LINE && !line.starts_with("-----");
            lines.iter().filter(worth).map(|line| (*line).to_owned()).collect()
        }
    }
}

/// Whether a value is long and mixed enough to occur nowhere by accident.
fn is_no_word(part: &str) -> bool {
    let mixed = [char::is_numeric, char::is_lowercase, char::is_uppercase, |c: char| !c.is_alphanumeric()];
    part.len() >= SHORTEST && mixed.iter().filter(|kind| part.chars().any(kind)).count() > 1
}

/// Each form in which a value may be written.
fn forms_of(value: &[u8]) -> impl Iterator<Item = Form> {
    let text = String::from_utf8_lossy(value).into_owned();
    let quoted = serde_json::to_string(&text).unwrap_or_default();
    let escaped = quoted.trim_matches('"').to_owned();
    let encoded: String = url::form_urlencoded::byte_serialize(value).collect();
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![("in plain", value.to_vec())];
    forms.push(("in hexadecimal digits", hex.to_uppercase().into_bytes()));
    forms.push(("in hexadecimal digits", hex.into_bytes()));
    let others = [
        ("with the escapes of JSON", escaped.replace('/', "\\/")),
        ("with the escapes of JSON", escaped),
        ("percent-encoded", encoded),
    ];
    for (called, form) in others {
        if form.as_bytes() != value {
            forms.push((called, form.into_bytes()));
        }
    }
    for shift in 0..3 {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            // what stands before and after the value changes the characters at its ends
            let coded = engine.encode([&[0; 2][..shift], value].concat());
            let first = [0, 2, 3][shift];
            let last = coded.len() - usize::from(!(shift + value.len()).is_multiple_of(3));
            let form = coded.as_bytes()[first..last].to_vec();
            if !forms.iter().any(|(_, known)| *known == form) {
                forms.push(("in Base64", form));
            }
        }
    }
    forms.into_iter().map(|(called, bytes)| Form { called, bytes: Zeroizing::new(bytes) })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const VALUE: &str = "s3cr\"t/of a-service+7";

    fn found(text: &str, sent: &str) -> Option<String> {
        let secret = Secret::new(VALUE);
        Disclosures::of([("the key of `a`".to_owned(), &secret)]).first_in(text.as_bytes(), || sent.into())
    }

    #[test]
    fn a_secret_is_found_in_each_form() {
        let hex: String = VALUE.bytes().map(|byte| format!("{byte:02X}")).collect();
        for (text, called) in [
            (format!("key={VALUE}."), "in plain"),
            (serde_json::json!({ "detail": VALUE }).to_string(), "with the escapes of JSON"),
            (serde_json::json!({ "detail": VALUE }).to_string().replace('/', "\\/"), "with the escapes of JSON"),
            (format!("0x{hex}"), "in hexadecimal digits"),
            (STANDARD.encode(VALUE), "in Base64"),
            (STANDARD.encode(format!("a{VALUE}b")), "in Base64"),
            (URL_SAFE_NO_PAD.encode(format!("ab{VALUE}")), "in Base64"),
        ] {
            assert_eq!(found(&text, "").as_deref(), Some(&*format!("the key of `a` {called}")), "{text}");
            assert_eq!(found(&text, &format!("Authorization: Basic {}", STANDARD.encode(VALUE))), None);
        }
        assert_eq!(found(&VALUE[..VALUE.len() - 1], ""), None);
    }

    #[test]
    fn words_are_no_secrets_and_keys_are_found_by_their_parts() {
        let of = |secret: &str, text: &str| {
            let secret = Secret::new(secret);
            Disclosures::of([("it".to_owned(), &secret)]).first_in(text.as_bytes(), Vec::new)
        };
        assert_eq!(of("administrator", "administrator"), None);
        let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
        assert_eq!(of(&pem, "-----BEGIN PRIVATE KEY-----"), None);
        assert_eq!(of(&pem, &format!("{{\"key\":\"{line}\\n\"}}")).as_deref(), Some("it in plain"));
        let key = r#"{"kty":"oct","kid":"the-first-key-2026","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}"#;
        assert_eq!(of(key, "the-first-key-2026"), None);
        assert!(of(key, "k=AyM1SysPpbyDfgZld3umj1qzKObwVMko").is_some());
    }
}
