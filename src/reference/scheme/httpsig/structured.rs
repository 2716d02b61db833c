//! Structured fields (RFC 9651 §3, §4), without dates and display strings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Digits of an integer, and of a decimal before its point (RFC 9651 §3.3.1, §3.3.2).
const DIGITS: (usize, usize) = (15, 12);

/// A value without parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BareValue {
    Integer(i64),
    /// In thousandths.
    Decimal(i64),
    Text(String),
    Token(String),
    Bytes(Vec<u8>),
    Flag(bool),
}

/// Parameters in order.
pub(super) type Parameters = Vec<(String, BareValue)>;

/// A value with its parameters.
pub(super) type Item = (BareValue, Parameters);

/// A member of a list or of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Item(Item),
    List(Vec<Item>, Parameters),
}

/// A dictionary; none where a text is none, or has a key twice, which no field of this server may have.
pub(super) fn dictionary(text: &str) -> Option<Vec<(String, Member)>> {
    let mut members: Vec<(String, Member)> = Vec::new();
    Cursor::new(text).members(|cursor| {
        let key = cursor.key()?;
        let member = match cursor.take('=') {
            Some(()) => cursor.member()?,
            None => Member::Item((BareValue::Flag(true), cursor.parameters()?)),
        };
        let is_new = members.iter().all(|(other, _)| *other != key);
        is_new.then(|| members.push((key, member)))
    })?;
    Some(members)
}

/// A list.
pub(super) fn list(text: &str) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    Cursor::new(text).members(|cursor| {
        members.push(cursor.member()?);
        Some(())
    })?;
    Some(members)
}

/// An item.
pub(super) fn item(text: &str) -> Option<Item> {
    let mut cursor = Cursor::new(text);
    let item = cursor.item()?;
    cursor.rest().is_empty().then_some(item)
}

/// A dictionary as it is written strictly.
pub(super) fn written_dictionary(members: &[(String, Member)]) -> String {
    let one = |(key, member): &(String, Member)| match member {
        Member::Item((BareValue::Flag(true), parameters)) => format!("{key}{}", written_parameters(parameters)),
        member => format!("{key}={}", written_member(member)),
    };
    members.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A list as it is written strictly.
pub(super) fn written_list(members: &[Member]) -> String {
    members.iter().map(written_member).collect::<Vec<_>>().join(", ")
}

/// A member of a list as it is written strictly.
pub(super) fn written_member(member: &Member) -> String {
    match member {
        Member::Item(item) => written_item(item),
        Member::List(items, parameters) => {
            let items: Vec<String> = items.iter().map(written_item).collect();
            format!("({}){}", items.join(" "), written_parameters(parameters))
        }
    }
}

/// An item as it is written strictly.
pub(super) fn written_item((value, parameters): &Item) -> String {
    format!("{}{}", written_value(value), written_parameters(parameters))
}

fn written_parameters(parameters: &Parameters) -> String {
    let one = |(name, value): &(String, BareValue)| match value {
        BareValue::Flag(true) => format!(";{name}"),
        value => format!(";{name}={}", written_value(value)),
    };
    parameters.iter().map(one).collect()
}

fn written_value(value: &BareValue) -> String {
    match value {
        BareValue::Integer(number) => number.to_string(),
        BareValue::Decimal(thousandths) => {
            let sign = if *thousandths < 0 { "-" } else { "" };
            let (whole, part) = (thousandths.abs() / 1000, thousandths.abs() % 1000);
            let part = format!("{part:03}");
            let part = part.trim_end_matches('0');
            format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part })
        }
        BareValue::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        BareValue::Token(token) => token.clone(),
        BareValue::Bytes(bytes) => format!(":{}:", STANDARD.encode(bytes)),
        BareValue::Flag(flag) => format!("?{}", u8::from(*flag)),
    }
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.trim_matches(' '), at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, expected: char) -> Option<()> {
        self.rest().starts_with(expected).then(|| self.at += expected.len_utf8())
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Members with commas between them, up to the end.
    fn members(&mut self, mut member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.rest().is_empty() {
            return Some(());
        }
        loop {
            member(self)?;
            self.while_is(|c| c == ' ' || c == '\t');
            if self.rest().is_empty() {
                return Some(());
            }
            self.take(',')?;
            self.while_is(|c| c == ' ' || c == '\t');
        }
    }

    fn member(&mut self) -> Option<Member> {
        if self.take('(').is_none() {
            return Some(Member::Item(self.item()?));
        }
        let mut items = Vec::new();
        loop {
            self.while_is(|c| c == ' ');
            if self.take(')').is_some() {
                return Some(Member::List(items, self.parameters()?));
            }
            items.push(self.item()?);
            if !self.rest().starts_with([' ', ')']) {
                return None;
            }
        }
    }

    fn item(&mut self) -> Option<Item> {
        let value = self.value()?;
        Some((value, self.parameters()?))
    }

    fn parameters(&mut self) -> Option<Parameters> {
        let mut parameters: Parameters = Vec::new();
        while self.take(';').is_some() {
            self.while_is(|c| c == ' ');
            let name = self.key()?;
            let value = match self.take('=') {
                Some(()) => self.value()?,
                None => BareValue::Flag(true),
            };
            // the last counts
            parameters.retain(|(other, _)| *other != name);
            parameters.push((name, value));
        }
        Some(parameters)
    }

    fn key(&mut self) -> Option<String> {
        let key = self.while_is(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c));
        key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*').then(|| key.to_owned())
    }

    fn value(&mut self) -> Option<BareValue> {
        match self.rest().chars().next()? {
            '"' => self.text().map(BareValue::Text),
            ':' => {
                self.take(':')?;
                let encoded = self.while_is(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
                self.take(':')?;
                STANDARD.decode(encoded).ok().map(BareValue::Bytes)
            }
            '?' => {
                self.take('?')?;
                match (self.take('1'), self.take('0')) {
                    (Some(()), _) => Some(BareValue::Flag(true)),
                    (None, Some(())) => Some(BareValue::Flag(false)),
                    (None, None) => None,
                }
            }
            c if c == '-' || c.is_ascii_digit() => self.number(),
            c if c.is_ascii_alphabetic() || c == '*' => {
                let lawful = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
                Some(BareValue::Token(self.while_is(lawful).to_owned()))
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
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

    fn number(&mut self) -> Option<BareValue> {
        let sign = if self.take('-').is_some() { -1 } else { 1 };
        let whole = self.while_is(|c| c.is_ascii_digit());
        let number: i64 = whole.parse().ok()?;
        if self.take('.').is_none() {
            return (whole.len() <= DIGITS.0).then_some(BareValue::Integer(sign * number));
        }
        let part = self.while_is(|c| c.is_ascii_digit());
        if whole.len() > DIGITS.1 || !(1..=3).contains(&part.len()) {
            return None;
        }
        let thousandths: i64 = format!("{part:0<3}").parse().ok()?;
        Some(BareValue::Decimal(sign * (number * 1000 + thousandths)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_strictly() {
        for (text, strict) in [
            ("a=1,    b=2;x=1;y=2,   c=(a   b   c), d", "a=1, b=2;x=1;y=2, c=(a b c), d"),
            ("a=?1, b=?0, c;x=?1;y=?0", "a, b=?0, c;x;y=?0"),
            ("a=:AQI=:, b=\"x\\\"\\\\\", c=*t/k:1", "a=:AQI=:, b=\"x\\\"\\\\\", c=*t/k:1"),
            ("a=-1.50, b=0.125, c=7.000", "a=-1.5, b=0.125, c=7.0"),
            ("a=();x=1;x=2", "a=();x=2"),
        ] {
            let read = dictionary(text).expect("is a dictionary");
            assert_eq!(written_dictionary(&read), strict);
        }
        assert_eq!(list("a,b;q=0.5 , (1 2)").map(|read| written_list(&read)).as_deref(), Some("a, b;q=0.5, (1 2)"));
        assert_eq!(item(" 5;a ").map(|read| written_item(&read)).as_deref(), Some("5;a"));
    }

    #[test]
    fn what_is_none_is_not_read() {
        for text in [
            "a=",
            "a,",
            ",a",
            "A=1",
            "a=1, a=2",
            "a=(1",
            "a=(1,2)",
            "a=\"x",
            "a=\"\\x\"",
            "a=:AQI:",
            "a=?2",
            "a=1.",
            "a=1.2345",
            "a=1234567890123456",
            "a=1234567890123.1",
            "a b",
            "a=é",
        ] {
            assert_eq!(dictionary(text), None, "{text}");
        }
        assert_eq!(dictionary(""), Some(Vec::new()));
        assert_eq!(item("1 2"), None);
    }
}
