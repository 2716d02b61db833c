//! The fields of signatures and digests (RFC 9421 §4, RFC 9530 §2).

use super::structured::{BareValue, Item, Member, Parameters, dictionary, written_item, written_member};

/// A member of a dictionary whose value is a byte sequence.
pub(super) type Bytes = (String, Vec<u8>);

/// The text of a parameter.
fn text_of<'a>(parameters: &'a Parameters, wanted: &str) -> Option<&'a str> {
    parameters.iter().find_map(|(name, value)| match value {
        BareValue::Text(text) if name == wanted => Some(text.as_str()),
        _ => None,
    })
}

/// A component that a label says it covers: a name and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoveredComponent {
    pub(super) name: String,
    pub(super) parameters: Parameters,
    /// As the base names it.
    pub(super) identifier: String,
}

impl CoveredComponent {
    fn of(item: &Item) -> Option<Self> {
        let (BareValue::Text(name), parameters) = item else { return None };
        Some(Self { name: name.clone(), parameters: parameters.clone(), identifier: written_item(item) })
    }

    /// Whether it has a flag.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.parameters.iter().any(|(name, value)| name == flag && *value == BareValue::Flag(true))
    }

    /// The text of a parameter.
    pub(super) fn text(&self, parameter: &str) -> Option<&str> {
        text_of(&self.parameters, parameter)
    }
}

/// What one label says it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoveredParts {
    pub(super) label: String,
    pub(super) components: Vec<CoveredComponent>,
    /// The components with the parameters of the signature, written strictly (RFC 9421 §2.3).
    pub(super) written: String,
    pub(super) parameters: Parameters,
}

impl CoveredParts {
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.parameters.iter().find_map(|(other, value)| match value {
            BareValue::Integer(number) if other == name => Some(*number),
            _ => None,
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.parameters, name)
    }

    /// Whether it has a parameter.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(other, _)| other == name)
    }
}

/// `Signature-Input` (RFC 9421 §4.1); none where it is no dictionary of inner lists of components, or has a label twice. Each
/// parameter of a signature is a number or a text.
pub(super) fn covered(text: &str) -> Option<Vec<CoveredParts>> {
    let labels = labels(text)?;
    let of_signatures = |value: &BareValue| matches!(value, BareValue::Integer(_) | BareValue::Text(_));
    let lawful = labels.iter().all(|label| label.parameters.iter().all(|(_, value)| of_signatures(value)));
    (lawful && !labels.is_empty()).then_some(labels)
}

/// The same of `Accept-Signature` (RFC 9421 §5.1), in which parameters may be flags.
pub(super) fn labels(text: &str) -> Option<Vec<CoveredParts>> {
    let one = |(label, member): (String, Member)| {
        let written = written_member(&member);
        let Member::List(items, parameters) = member else { return None };
        let components = items.iter().map(CoveredComponent::of).collect::<Option<Vec<_>>>()?;
        Some(CoveredParts { label, components, written, parameters })
    };
    dictionary(text)?.into_iter().map(one).collect()
}

/// A dictionary of byte sequences, such as `Signature` and `Content-Digest`.
pub(super) fn byte_sequences(text: &str) -> Option<Vec<Bytes>> {
    let one = |(name, member): (String, Member)| match member {
        Member::Item((BareValue::Bytes(bytes), _)) => Some((name, bytes)),
        _ => None,
    };
    let members: Vec<Bytes> = dictionary(text)?.into_iter().map(one).collect::<Option<_>>()?;
    (!members.is_empty()).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_or_refused() {
        let read = covered(r#"sig1=("@method"  "date";sf );created=1; keyid="a\"b", b=();alg="x""#).expect("is read");
        let identifiers: Vec<&str> = read[0].components.iter().map(|one| one.identifier.as_str()).collect();
        assert_eq!(identifiers, ["\"@method\"", "\"date\";sf"]);
        assert_eq!(read[0].written, r#"("@method" "date";sf);created=1;keyid="a\"b""#);
        assert_eq!((read[0].number("created"), read[0].text("keyid")), (Some(1), Some("a\"b")));
        assert_eq!((read[1].label.as_str(), read[1].text("alg")), ("b", Some("x")));
        for wrong in [
            "",
            "sig1",
            r#"sig1=("@method""#,
            r#"sig1="@method""#,
            r#"sig1=("@method"),"#,
            r#"sig1=("@method"), sig1=()"#,
            r#"sig1=(@method)"#,
            r#"sig1=(1)"#,
            "sig1=();created=x",
            "sig1=();created",
        ] {
            assert_eq!(covered(wrong), None, "{wrong}");
        }
        assert!(labels("sig1=();created").is_some_and(|read| read[0].has("created")));
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
