//! Requests to the configuration endpoint of a client that registered itself (RFC 7592 §2).

/// What is asked of the configuration of the first client that the check has registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationRequest {
    /// It is read (RFC 7592 §2.1).
    Read(ConfigurationToken),
    /// It is removed (RFC 7592 §2.3).
    Remove(ConfigurationToken),
}

/// The token that such a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationToken {
    /// The registration access token of that client.
    Own,
    /// None.
    Absent,
    /// One that nobody issued.
    Unknown,
    /// That of the second client that the check has registered.
    OfOther,
}
