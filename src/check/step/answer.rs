//! Answers that steps accept.

/// A class of refusals, resolved by the profile for the scheme under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No credential was presented.
    Missing,
    /// A credential was presented and is wrong, expired, revoked or malformed.
    Invalid,
    /// The principal is known and lacks a permission.
    Insufficient,
    /// The syntax around the credential is broken.
    Malformed,
}

impl Class {
    /// All classes.
    pub const ALL: [Class; 4] = [Class::Missing, Class::Invalid, Class::Insufficient, Class::Malformed];

    /// Its name in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Class::Missing => "missing",
            Class::Invalid => "invalid",
            Class::Insufficient => "insufficient",
            Class::Malformed => "malformed",
        }
    }
}

/// An answer that a step accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// A class of the profile.
    Of(Class),
    /// One status.
    Status(u16),
    /// A range of statuses, both ends included.
    Range(u16, u16),
    /// The connection closed without an answer, beside another probe of the check that was refused with one.
    Closed,
}

/// `@missing`.
pub const MISSING: Accept = Accept::Of(Class::Missing);
/// `@invalid`.
pub const INVALID: Accept = Accept::Of(Class::Invalid);
/// `@insufficient`.
pub const INSUFFICIENT: Accept = Accept::Of(Class::Insufficient);
/// `@malformed`.
pub const MALFORMED: Accept = Accept::Of(Class::Malformed);

/// What must come of a step.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// Access is refused, by one of these answers.
    Denied(&'static [Accept]),
    /// Access is granted.
    Granted,
    /// Neither is a violation by itself; the check looks at other things.
    Either,
}
