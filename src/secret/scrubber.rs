//! The scrubber: known values and their pieces, taken out of any text.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;
use zeroize::Zeroizing;

use super::MASK;
use super::decode::{View, is_separator};
use super::grams::{BETWEEN, Index, Pieces};
use super::shape::secret_parts;

/// Values shorter than this are not searched for: they would shred a report.
const SHORTEST_SCRUBBED: usize = 8;
/// Codes shorter than this are no secret that holds anybody up.
const SHORTEST_CODE: usize = 4;

/// Words of the protocols, which a value may hold and a report has to show.
const PROTOCOL: [&str; 9] = [
    "-----begin encrypted private key-----",
    "application/x-www-form-urlencoded",
    "authorization_code",
    "client_assertion_type",
    "client_credentials",
    "client_secret_basic",
    "proxy-authorization",
    "set-cookie",
    "www-authenticate",
];

/// Removes known secret values from text, whole or in pieces, in upper and in lower case, forwards and backwards: verbatim,
/// in Base64 (both alphabets, at any alignment), in hexadecimal digits, percent-encoded, as character references of HTML,
/// with the escapes of JSON, and with separators between characters or groups.
///
/// A piece is twelve bytes, or a third of a value that is shorter; a short piece that looks like a word stays. The header of
/// a JWT is no secret (RFC 7515 §2) and stays.
///
/// A clone shares what is known; what is added to the clone makes a search of its own. Values that one check obtains are
/// so added without building the search for all others again.
#[derive(Clone)]
pub struct Scrubber {
    layers: Vec<Arc<Layer>>,
    /// Texts that stay, in lower case, with [`BETWEEN`] behind each.
    spared: Vec<u8>,
    /// Values that are too short to be searched for in pieces: they are found as words of their own.
    codes: Vec<Zeroizing<Vec<u8>>>,
}

/// Values, and the search for them, which is built when it is first needed.
#[derive(Default)]
struct Layer {
    values: Vec<Zeroizing<Vec<u8>>>,
    index: OnceLock<Index>,
}

impl Layer {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self.values.iter().map(|value| &value[..])))
    }

    fn add(&mut self, value: &[u8]) {
        self.values.push(Zeroizing::new(value.to_vec()));
        self.index.take();
    }

    fn knows(&self, value: &[u8]) -> bool {
        self.values.iter().any(|known| known[..] == *value)
    }
}

impl Default for Scrubber {
    fn default() -> Self {
        let mut scrubber = Self { layers: Vec::new(), spared: Vec::new(), codes: Vec::new() };
        PROTOCOL.iter().for_each(|word| scrubber.spare(word));
        scrubber
    }
}

impl Scrubber {
    /// Adds a value; values under eight bytes are ignored.
    pub fn add(&mut self, value: &[u8]) {
        let parts = without_jose_headers(value);
        let unknown = |part: &&[u8]| !self.layers.iter().any(|layer| layer.knows(part));
        let parts: Vec<&[u8]> =
            parts.into_iter().filter(|part| part.len() >= SHORTEST_SCRUBBED).filter(unknown).collect();
        for part in parts {
            match self.layers.last_mut().and_then(Arc::get_mut) {
                Some(own) => own.add(part),
                None => {
                    let mut own = Layer::default();
                    own.add(part);
                    self.layers.push(Arc::new(own));
                }
            }
        }
    }

    /// Adds a code that was sent, however short it is, where it is no word: a short one is found where neither letters nor digits are beside it.
    pub fn add_code(&mut self, code: &str) {
        match code.len() {
            SHORTEST_SCRUBBED.. => self.add(code.as_bytes()),
            SHORTEST_CODE..
                if code.bytes().any(|byte| byte.is_ascii_digit())
                    && !self.spares(code)
                    && !self.codes.iter().any(|known| known[..] == *code.as_bytes()) =>
            {
                self.codes.push(Zeroizing::new(code.as_bytes().to_vec()));
            }
            _ => {}
        }
    }

    /// Lets a public text stay, such as the identifier of a client, though a piece of a value may be a part of it.
    pub fn spare(&mut self, text: &str) {
        let text = text.as_bytes().to_ascii_lowercase();
        let compact: Vec<u8> = text.iter().copied().filter(|byte| !is_separator(*byte)).collect();
        for form in [text, compact] {
            let reversed: Vec<u8> = form.iter().rev().copied().collect();
            for form in [form, reversed] {
                if memmem::find(&self.spared, &form).is_none() {
                    self.spared.extend(form);
                    self.spared.push(BETWEEN);
                }
            }
        }
    }

    /// Whether a value is such a text, and not a part of one. Separators do not count, as in the search.
    pub fn spares(&self, value: &str) -> bool {
        let own = value.as_bytes().to_ascii_lowercase();
        let compact: Vec<u8> = own.iter().copied().filter(|byte| !is_separator(*byte)).collect();
        let is_own = |text: &[u8]| !text.is_empty() && (text == own || text == compact);
        self.spared.split(|byte| *byte == BETWEEN).any(is_own)
    }

    /// Adds a value that was sent or came back, as far as it may be secret: no public text, no words, and of an address only what
    /// is made up in it.
    pub fn learn(&mut self, value: &str) {
        for part in secret_parts(value).iter().filter(|part| !self.spares(part)).collect::<Vec<_>>() {
            self.add(part.as_bytes());
        }
    }

    /// The text without any known value.
    pub fn scrub(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.scrub_bytes(text.as_bytes())).into_owned()
    }

    /// The bytes without any known value.
    pub fn scrub_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        masked(bytes, &self.found_in(bytes))
    }

    /// The text without any known value, but for what lies within one of these texts, which the source code fixes: they are the
    /// same whatever the values are, and a mask in one of them would say what a value is.
    pub fn scrub_beside(&self, text: &str, fixed: &[&str]) -> String {
        let mut found = self.found_in(text.as_bytes());
        if !found.is_empty() {
            let places: Vec<Range<usize>> = fixed
                .iter()
                .filter(|phrase| !phrase.is_empty())
                .flat_map(|phrase| text.match_indices(phrase).map(|(at, _)| at..at + phrase.len()))
                .collect();
            found.retain(|part| !places.iter().any(|place| place.start <= part.start && part.end <= place.end));
        }
        String::from_utf8_lossy(&masked(text.as_bytes(), &found)).into_owned()
    }

    /// Whether the bytes contain any known value.
    pub fn finds_in(&self, bytes: &[u8]) -> bool {
        !self.found_in(bytes).is_empty()
    }

    /// Every part that belongs to a known value, in order.
    fn found_in(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        if self.layers.is_empty() && self.codes.is_empty() {
            return Vec::new();
        }
        let mut pieces = Pieces::new(&self.spared);
        self.codes.iter().flat_map(|code| words_in(bytes, code)).for_each(|found| pieces.push(found));
        for view in View::all_of(bytes).into_iter().filter(|_| !self.layers.is_empty()) {
            let compact = view.compact();
            for index in self.layers.iter().map(|layer| layer.index()) {
                index.find_plain(&view, &mut pieces);
                if compact.bytes.len() < view.bytes.len() {
                    index.find_plain(&compact, &mut pieces);
                }
                index.find_base64(&view, &mut pieces);
                index.find_hex(&view, &mut pieces);
            }
        }
        pieces.united()
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} values)", self.layers.iter().map(|layer| layer.values.len()).sum::<usize>())
    }
}

/// Where a code is a word of its own.
fn words_in(bytes: &[u8], code: &[u8]) -> Vec<Range<usize>> {
    let is_apart = |beside: Option<&u8>| !beside.is_some_and(u8::is_ascii_alphanumeric);
    let is_word = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        // what is percent-encoded before it ends with a digit
        let is_escape = at.checked_sub(3).is_some_and(|escape| bytes[escape] == b'%');
        (is_apart(before) || is_escape) && is_apart(bytes.get(at + code.len()))
    };
    memmem::find_iter(bytes, code).filter(is_word).map(|at| at..at + code.len()).collect()
}

/// Bytes with these parts masked.
fn masked(bytes: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for found in found {
        clean.extend_from_slice(&bytes[from..found.start]);
        clean.extend_from_slice(MASK.as_bytes());
        from = found.end;
    }
    clean.extend_from_slice(&bytes[from..]);
    clean
}

/// What is secret of a value that may hold tokens: the parts between the JOSE headers, which are the same in many tokens.
fn without_jose_headers(value: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(length) = value[at..].iter().position(|byte| *byte == b'.') {
        let dot = at + length;
        let of_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let start = dot - value[from..dot].iter().rev().take_while(|byte| of_token(byte)).count();
        // what follows a point is the payload
        if (start == 0 || value[start - 1] != b'.') && is_jose_header(&value[start..dot]) {
            parts.push(&value[from..start]);
            from = dot + 1;
        }
        at = dot + 1;
    }
    parts.push(&value[from..]);
    parts
}

/// Whether a segment of a token is the Base64 of a JSON object, by its start (RFC 7515 §3.1).
pub fn is_jose_header(segment: &[u8]) -> bool {
    let object =
        |start: Vec<u8>| start.first() == Some(&b'{') && start.get(1).is_some_and(|byte| b"\" \r\n\t}".contains(byte));
    segment.len() >= 4 && URL_SAFE_NO_PAD.decode(&segment[..4]).is_ok_and(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    /// A key as a scenario has it: 39 characters.
    const KEY: &str = "sk_live_9fQ2xL7vB4nT8wZ1cR6mK3hJ5pD0sGy";
    const PASSWORD: &str = "s3cr3t/with+odd:chars <&>\"'";
    const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzZXJ2aWNlIiwiZXhwIjoxNzk0MDAwMDAwfQ.\
                       4pQz8sLk1VdXn0Rw7uTbYcJm2GhEf5Ao9iKqPvNxZsM";

    fn knowing(values: &[&str]) -> Scrubber {
        let mut scrubber = Scrubber::default();
        values.iter().for_each(|value| scrubber.add(value.as_bytes()));
        scrubber
    }

    fn each(value: &str, write: impl Fn(u8) -> String) -> String {
        value.bytes().map(write).collect()
    }

    /// A value as a server may echo it, by the name of the encoding.
    fn encodings(value: &str) -> Vec<(&'static str, String)> {
        let named = |c: char| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&apos;".to_owned(),
            c => c.to_string(),
        };
        let groups = |by: &str| {
            let groups: Vec<String> =
                value.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into()).collect();
            groups.join(by)
        };
        vec![
            ("verbatim", value.to_owned()),
            ("in upper case", value.to_uppercase()),
            ("in lower case", value.to_lowercase()),
            ("reversed", value.chars().rev().collect()),
            ("hex", each(value, |byte| format!("{byte:02x}"))),
            ("hex in upper case", each(value, |byte| format!("{byte:02X}"))),
            ("hex with colons", each(value, |byte| format!("{byte:02X}:"))),
            ("hex at an odd place", format!("a{}", each(value, |byte| format!("{byte:02x}")))),
            ("percent", utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()),
            ("percent of every byte", each(value, |byte| format!("%{byte:02X}"))),
            ("percent in lower case", each(value, |byte| format!("%{byte:02x}"))),
            ("percent twice", each(value, |byte| format!("%25{byte:02X}"))),
            ("a form", url::form_urlencoded::byte_serialize(value.as_bytes()).collect()),
            ("HTML, decimal", each(value, |byte| format!("&#{byte};"))),
            ("HTML, hex", each(value, |byte| format!("&#x{byte:x};"))),
            ("HTML, named", value.chars().map(named).collect()),
            ("JSON", serde_json::Value::from(value).to_string()),
            ("JSON, every character", each(value, |byte| format!("\\u{byte:04x}"))),
            ("a debug print", format!("{value:?}")),
            ("Base64", STANDARD.encode(value)),
            ("Base64, offset 1", STANDARD.encode(format!("u:xx{value} tail"))),
            ("Base64, offset 2", STANDARD.encode(format!("user:{value}"))),
            ("Base64 for addresses", URL_SAFE_NO_PAD.encode(format!("user:{value}"))),
            ("Base64 without padding", STANDARD_NO_PAD.encode(format!("us:{value}"))),
            ("spaced", each(value, |byte| format!("{} ", char::from(byte)))),
            ("dashed", each(value, |byte| format!("{}-", char::from(byte)))),
            ("in groups", groups(" ")),
            ("in lines", groups("\n")),
            ("a piece from the start", format!("{}...", &value[..12])),
            ("a piece from the middle", format!("...{}...", &value[value.len() / 2 - 6..value.len() / 2 + 6])),
            ("a piece from the end", format!("...{}", &value[value.len() - 12..])),
        ]
    }

    #[test]
    fn a_short_code_is_masked_where_it_is_a_word() {
        let mut scrubber = Scrubber::default();
        ["482913", "7f3a9c", "12", "482913", "6f0d2b7c1e"].into_iter().for_each(|code| scrubber.add_code(code));
        for (text, expected) in [
            ("/otp/482913?next=1", "/otp/···?next=1"),
            ("/reset?user=a&code=7f3a9c", "/reset?user=a&code=···"),
            ("a%3D482913", "a%3D···"),
            (r#"<input value="482913">"#, r#"<input value="···">"#),
            ("1482913, 4829130 and 12", "1482913, 4829130 and 12"),
            ("code 6f0d2b7c1e", "code ···"),
        ] {
            assert_eq!(scrubber.scrub(text), expected);
        }
        let mut sparing = Scrubber::default();
        sparing.spare("orders");
        sparing.add_code("orders");
        assert_eq!(sparing.scrub("/orders"), "/orders");
    }

    #[test]
    fn every_encoding_in_which_a_secret_travels_is_removed() {
        for value in [KEY, PASSWORD] {
            let scrubber = knowing(&[value]);
            for (name, encoded) in encodings(value) {
                let clean = scrubber.scrub(&format!("<p>invalid key: {encoded} (try again)</p>"));
                assert!(clean.contains(MASK), "{name} of {value}: {clean}");
                // white space between the characters of a secret is no part of it
                let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
                let left = solid(&clean.replace(MASK, "")) - solid("<p>invalid key:  (try again)</p>");
                // what stands beside the value in Base64 is no part of it
                let beside = match name {
                    name if name.starts_with("Base64") => 12,
                    // six characters, each with its separator
                    "dashed" => 13,
                    _ => 6,
                };
                assert!(left <= beside, "{name} of {value} leaves {left} characters: {clean}");
                assert!(clean.starts_with("<p>invalid key: ") && clean.ends_with("(try again)</p>"), "{name}: {clean}");
            }
        }
    }

    #[test]
    fn forgeries_that_are_made_from_a_secret_do_not_give_it_away() {
        let scrubber = knowing(&[KEY]);
        let middle = KEY.len() / 2;
        for (name, forged) in [
            ("one changed", format!("{}#{}", &KEY[..middle], &KEY[middle + 1..])),
            ("last changed", format!("{}z", &KEY[..KEY.len() - 1])),
            ("first missing", KEY[1..].to_owned()),
            ("truncated", KEY[..KEY.len() - 1].to_owned()),
            ("extended", format!("{KEY}x")),
            ("doubled", format!("{KEY}{KEY}")),
            ("a letter that looks alike", KEY.replace('c', "\u{441}")),
            (
                "the case of each letter flipped",
                KEY.chars()
                    .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
                    .collect(),
            ),
        ] {
            let clean = scrubber.scrub(&forged).replace(MASK, "");
            assert!(clean.chars().count() <= 6, "{name}: {clean}");
        }
    }

    #[test]
    fn a_third_of_a_short_secret_is_removed() {
        let scrubber = knowing(&["abk_live_q7Wn2Zp4XcRt9Vb3"]);
        assert_eq!(scrubber.scrub("unknown key ...Zp4XcRt9V..."), format!("unknown key ...{MASK}..."));
    }

    #[test]
    fn words_names_and_headers_of_tokens_stay_readable() {
        let mut scrubber = knowing(&[
            KEY,
            JWT,
            "orders-reader-Secret-8dF3kN6v",
            "hunter2-password-2026-11",
            "client_credentials-7Fq2",
            "test",
        ]);
        scrubber.spare("orders-reader");
        for text in [
            "nothing to see: sk_live, 200 OK, ···, a test of tests on 2026-11-26T08:24:57Z",
            "the password of orders-reader was refused: Secret, client_credentials",
            r#"{"client_id":"orders-reader","id":"q7Wn2","grant_type":"client_credentials","at":1794000000}"#,
            "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.AAAA",
        ] {
            assert_eq!(scrubber.scrub(text), text);
            assert!(!scrubber.finds_in(text.as_bytes()));
        }
        let clean = scrubber.scrub(&format!("token {JWT} is expired"));
        assert_eq!(clean, format!("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{MASK} is expired"));
    }

    #[test]
    fn what_is_learnt_is_no_public_text() {
        let mut scrubber = Scrubber::default();
        ["web-app-2026", "/api/notes/1"].iter().for_each(|text| scrubber.spare(text));
        for value in [
            "web-app-2026",
            "[\"web-app-2026\"]",
            "/api/notes/1",
            "/account/profile",
            "continue-here",
            "U5QuThKztdAkzzQpRw7uTbYc",
        ] {
            scrubber.learn(value);
        }
        assert_eq!(
            scrubber.scrub("Web-App-2026 GET /api/notes/1 /account/profile continue-here sid=U5QuThKztdAkzzQpRw7uTbYc"),
            format!("Web-App-2026 GET /api/notes/1 /account/profile continue-here sid={MASK}")
        );
        assert!(!scrubber.spares("web-app") && !scrubber.spares(""));
    }

    #[test]
    fn a_value_that_is_a_word_of_a_fixed_text_is_masked_beside_it_and_not_in_it() {
        let scrubber = knowing(&["base64-v1", "!!not-base64!!"]);
        let fixed = ["characters outside Base64 after the good value", "base64-v1 of nothing"];
        for (text, clean) in [
            ("characters outside Base64 after the good value: refused", None),
            ("base64-v1 of nothing: refused", None),
            ("base64-v1 of something: refused", Some(format!("{MASK} of something: refused"))),
            (
                "base64-v1 of nothing: the body has base64-v1",
                Some(format!("base64-v1 of nothing: the body has {MASK}")),
            ),
        ] {
            assert_eq!(scrubber.scrub_beside(text, &fixed), clean.unwrap_or_else(|| text.to_owned()));
        }
    }

    #[test]
    fn values_that_overlap_leave_nothing_behind() {
        let scrubber = knowing(&["abcdefgh-first", "first-and-longer"]);
        assert_eq!(scrubber.scrub("x abcdefgh-first-and-longer y"), format!("x {MASK} y"));
    }

    #[test]
    fn a_long_value_is_removed_whole_or_as_far_as_it_goes() {
        let long = |last: &str| format!("{}{last}", "0123456789abcdef".repeat(1 << 12));
        let (first, second) = (long("first"), long("second"));
        let scrubber = knowing(&[&first, &second]);
        for (text, clean) in [
            (format!("x {first} y"), format!("x {MASK} y")),
            (format!("x {second} y"), format!("x {MASK} y")),
            (format!("x {}... y", &first[..1029]), format!("x {MASK}... y")),
        ] {
            assert_eq!(scrubber.scrub(&text), clean);
        }
    }

    #[test]
    fn a_clone_learns_values_that_its_origin_does_not_know() {
        let origin = knowing(&[KEY]);
        let mut clone = origin.clone();
        clone.add(b"obtained-later");
        let text = format!("{KEY} obtained-later");
        assert_eq!(clone.scrub(&text), format!("{MASK} {MASK}"));
        assert_eq!(origin.scrub(&text), format!("{MASK} obtained-later"));
    }

    #[test]
    fn a_text_made_to_be_slow_is_searched_like_any_other() {
        // a search that compared all places of such a value with all places of such a text would not end
        let scrubber = knowing(&[&"abcdefg".repeat(1 << 13), &"a".repeat(1 << 16)]);
        let text = "abcdefg".repeat(1 << 12) + &"a".repeat(1 << 15);
        assert_eq!(scrubber.scrub(&text), MASK);
    }
}
