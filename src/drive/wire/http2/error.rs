//! What of a request HTTP/2 cannot carry.

/// What of a request HTTP/2 cannot carry; no value is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInHttp2 {
    /// A method that is no token.
    #[error("its method is no token")]
    Method,
    /// No Host field, or several.
    #[error("it does not have one Host field, which is `:authority` in HTTP/2")]
    Host,
    /// A Host field with something else.
    #[error("its Host is no host and port")]
    Authority,
    /// Another form of target than the origin form, or bytes that are not allowed.
    #[error("its target is no path and query as HTTP/2 carries them")]
    Target,
    /// A field name that is no token.
    #[error("the name of a field is no token")]
    FieldName,
    /// A field that belongs to a connection of HTTP/1.1.
    #[error("a {0} field has no place in HTTP/2 (RFC 9113 §8.2.2)")]
    OfConnection(String),
    /// White space at an end of a value (RFC 9113 §8.2.1).
    #[error("the value of its {0} field has whitespace around it")]
    Whitespace(String),
    /// NUL, CR, LF or another control character in a value.
    #[error("the value of its {0} field has a control character")]
    ControlCharacter(String),
}
