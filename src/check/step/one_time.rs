//! One-time codes that are wrong on purpose, or come once more.

/// What takes the place of the one-time code of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeChange {
    /// The code with which a login before it succeeded, within its time step.
    Again,
    /// Nothing: its member, field or header is not there.
    Missing,
    /// No character.
    Empty,
    /// As many zeros as a code has digits.
    Zeros,
    /// The `null` of JSON.
    Null,
    /// An array of JSON with wrong codes and the right one.
    List,
    /// The code of another time step, so many steps before or after the present one.
    Beside(i64),
    /// The code of the time step that ended so many seconds ago.
    Ago(u64),
    /// The present code of another user.
    OfAnother,
}

impl CodeChange {
    /// Whether what is sent is another text in place of the code, or nothing: then no code is used up.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Missing | Self::Empty | Self::Zeros | Self::Null)
    }
}
