//! What the signature of an answer is worth, and what signatures an answer asks for.

use sfv::{Dictionary, FieldType as _, ListEntry, Parser};

use super::Response;

/// Components that are named of a request for signatures, at most.
const MOST_COMPONENTS: usize = 20;
/// Characters of them, at most.
const LONGEST: usize = 400;

/// What became of verifying the signature of an answer (RFC 9421 §3.2), by the key and the rules of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerSignature {
    /// It verifies, is of this time, and covers what it has to.
    Good,
    /// The answer has none.
    Absent,
    /// A field of signatures, or of digests, cannot be read: its name.
    Malformed(&'static str),
    /// No signature of the answer names the key.
    OtherKey,
    /// It names another algorithm than that of the key.
    OtherAlgorithm(String),
    /// It covers something that cannot be taken from the answer or its request, or something twice: the identifier.
    Underivable(String),
    /// It does not verify.
    Invalid,
    /// It does not cover these components: their identifiers.
    Narrow(Vec<String>),
    /// It does not say when it was made.
    Undated,
    /// It was made longer ago than the window, or will be, by this many seconds; negative for the future.
    OutOfWindow(i64),
    /// It expired this many seconds ago.
    Expired(i64),
    /// The digest of the content that it covers is not that of the body.
    OtherContent,
    /// The body was too long to be kept, so that its digest was not computed.
    ContentCut,
}

/// What a target wants to be covered (RFC 9421 §5.1); none where it asks for nothing that can be read.
pub fn components_asked(response: &Response) -> Option<String> {
    let line = response.header_values("accept-signature").collect::<Vec<_>>().join(", ");
    let asked: Dictionary = Parser::new(&line).parse().ok()?;
    let covered = asked.values().find_map(|one| match one {
        ListEntry::InnerList(covered) => Some(covered),
        ListEntry::Item(_) => None,
    })?;
    // identifiers are ASCII
    let named = covered.items.iter().take(MOST_COMPONENTS).map(|item| item.serialize());
    let mut named = named.collect::<Vec<_>>().join(" ");
    named.truncate(LONGEST);
    Some(if named.is_empty() { "nothing".to_owned() } else { named })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_or_left_out() {
        let asked = |line: &str| {
            let headers = vec![("Accept-Signature".to_owned(), line.as_bytes().to_vec())];
            components_asked(&Response { status: 401, headers, body: Vec::new(), truncated: false })
        };
        // RFC 9421 §5.1
        let example = r#"sig1=("@method" "@target-uri" "@authority" "content-digest" "cache-control");keyid="test-key-rsa-pss";created;tag="app-123""#;
        let covered = r#""@method" "@target-uri" "@authority" "content-digest" "cache-control""#;
        assert_eq!(asked(example).as_deref(), Some(covered));
        assert_eq!(asked("sig1=();created").as_deref(), Some("nothing"));
        for unread in ["", "sig1", "sig1=(", "sig1=1"] {
            assert_eq!(asked(unread), None, "{unread}");
        }
    }
}
