//! The dictionaries of structured fields (RFC 9651 §3.2), as far as signatures and digests need them.

/// Digits of an integer (RFC 9651 §3.3.1).
const INTEGER_DIGITS: usize = 15;

/// A member of a dictionary whose value is a byte sequence.
pub(super) type Bytes = (String, Vec<u8>);

/// What one label says it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoveredParts {
    pub(super) label: String,
    /// Identifiers of components.
    pub(super) components: Vec<String>,
    /// The inner list with its parameters, as it was written.
    pub(super) written: String,
    pub(super) numbers: Vec<(String, i64)>,
    pub(super) texts: Vec<(String, String)>,
    /// An identifier before the others that a fault takes for that of the method.
    pub(super) taken_for_method: Option<&'static str>,
}

impl CoveredParts {
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.numbers.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, expected: char) -> Option<()> {
        self.rest().starts_with(expected).then(|| self.at += expected.len_utf8())
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn key(&mut self) -> Option<String> {
        let key = self.while_is(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c));
        let starts = key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*');
        starts.then(|| key.to_owned())
    }

    fn string(&mut self) -> Option<String> {
        self.take('"')?;
        let mut value = String::new();
        loop {
            let next = self.rest().chars().next()?;
            self.at += next.len_utf8();
            match next {
                '"' => return Some(value),
                '\\' => {
                    let escaped = self.rest().chars().next().filter(|c| "\"\\".contains(*c))?;
                    self.at += 1;
                    value.push(escaped);
                }
                ' '..='~' => value.push(next),
                _ => return None,
            }
        }
    }

    /// RFC 9651 §3.3.1: up to fifteen digits.
    fn integer(&mut self) -> Option<i64> {
        let written = self.while_is(|c| c == '-' || c.is_ascii_digit());
        let digits = written.strip_prefix('-').unwrap_or(written);
        (digits.len() <= INTEGER_DIGITS).then(|| written.parse().ok())?
    }

    /// Whether another member follows; none where what follows is no member.
    fn next_member(&mut self) -> Option<bool> {
        self.skip_spaces();
        if self.rest().is_empty() {
            return Some(false);
        }
        self.take(',')?;
        self.skip_spaces();
        (!self.rest().is_empty()).then_some(true)
    }
}

/// `Signature-Input` (RFC 9421 §4.1); none where it is no dictionary of inner lists of strings, or has a label twice.
pub(super) fn covered(text: &str) -> Option<Vec<CoveredParts>> {
    let mut cursor = Cursor { text: text.trim(), at: 0 };
    let mut labels: Vec<CoveredParts> = Vec::new();
    loop {
        let label = cursor.key()?;
        cursor.take('=')?;
        let start = cursor.at;
        cursor.take('(')?;
        let mut components = Vec::new();
        loop {
            cursor.skip_spaces();
            if cursor.take(')').is_some() {
                break;
            }
            // a component with parameters of its own is none that this server knows
            components.push(cursor.string()?);
            if !cursor.rest().starts_with([' ', ')']) {
                return None;
            }
        }
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        while cursor.take(';').is_some() {
            cursor.skip_spaces();
            let name = cursor.key()?;
            cursor.take('=')?;
            match cursor.rest().starts_with('"') {
                true => texts.push((name, cursor.string()?)),
                false => numbers.push((name, cursor.integer()?)),
            }
        }
        let written = cursor.text[start..cursor.at].to_owned();
        if labels.iter().any(|other| other.label == label) {
            return None;
        }
        labels.push(CoveredParts { label, components, written, numbers, texts, taken_for_method: None });
        if !cursor.next_member()? {
            return Some(labels);
        }
    }
}

/// A dictionary of byte sequences, such as `Signature` and `Content-Digest`.
pub(super) fn byte_sequences(text: &str) -> Option<Vec<Bytes>> {
    use base64::Engine as _;
    let mut cursor = Cursor { text: text.trim(), at: 0 };
    let mut members: Vec<Bytes> = Vec::new();
    loop {
        let name = cursor.key()?;
        cursor.take('=')?;
        cursor.take(':')?;
        let encoded = cursor.while_is(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
        cursor.take(':')?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        if members.iter().any(|(other, _)| *other == name) {
            return None;
        }
        members.push((name, bytes));
        if !cursor.next_member()? {
            return Some(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_or_refused() {
        let read = covered(r#"sig1=("@method" "date");created=1;keyid="a\"b", b=();alg="x""#).expect("is read");
        assert_eq!(read[0].components, ["@method", "date"]);
        assert_eq!(read[0].written, r#"("@method" "date");created=1;keyid="a\"b""#);
        assert_eq!((read[0].number("created"), read[0].text("keyid")), (Some(1), Some("a\"b")));
        assert_eq!((read[1].label.as_str(), read[1].text("alg")), ("b", Some("x")));
        for wrong in [
            "",
            "sig1",
            r#"sig1=("@method""#,
            r#"sig1="@method""#,
            r#"sig1=("@method"),"#,
            r#"sig1=("@method"), sig1=()"#,
            r#"sig1=("@query-param";name="a")"#,
            r#"sig1=(@method)"#,
            "sig1=();created=x",
            "sig1=();created=-9223372036854775808",
            "sig1=();created=1234567890123456",
        ] {
            assert_eq!(covered(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn byte_sequences_are_read_or_refused() {
        let read = byte_sequences("sha-256=:AQI=:, sig2=::").expect("is read");
        assert_eq!(read, [("sha-256".to_owned(), vec![1, 2]), ("sig2".to_owned(), vec![])]);
        for wrong in ["", "a=:AQI:", "a=AQI=", "a=:AQI=:,", "a=:AQI=:, a=::", "A=::", "sha-256=not:a=digest"] {
            assert_eq!(byte_sequences(wrong), None, "{wrong}");
        }
    }
}
