//! Texts for people. Code can write and show them, and can do nothing else with them: what a verdict depends on has a
//! typed id.

use std::fmt;

/// A text for people that the source code fixes: what a step or a forgery is. It cannot be compared or read.
#[derive(Clone, Copy, Debug)]
pub struct Phrase(&'static str);

impl Phrase {
    /// From a text.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What was sent, in a few words for people, and what of it the source code fixes. It cannot be compared or read.
#[derive(Clone, Debug)]
pub struct Description(String, Vec<&'static str>);

impl Description {
    /// From a text that is put together for one request.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into(), Vec::new())
    }

    /// Notes that another description is a part of the text.
    #[must_use]
    pub fn quoting(mut self, other: &Description) -> Self {
        self.1.extend(&other.1);
        self
    }

    /// What the source code fixes of it, for the scrubber alone.
    pub(super) fn fixed(&self) -> impl Iterator<Item = &'static str> {
        self.1.iter().copied()
    }
}

impl From<Phrase> for Description {
    fn from(phrase: Phrase) -> Self {
        Self(phrase.0.to_owned(), vec![phrase.0])
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two of these apply to a type that implements the trait behind `$bound`: the call is ambiguous then, and this file
    /// does not compile.
    macro_rules! does_not_implement {
        ($type:ty: $bound:path) => {{
            trait Ambiguous<Implements> {
                fn only_one_applies() {}
            }
            struct Yes;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $bound> Ambiguous<Yes> for T {}
            <$type as Ambiguous<_>>::only_one_applies();
        }};
    }

    #[test]
    fn a_text_for_people_can_be_neither_compared_nor_read() {
        does_not_implement!(Description: PartialEq);
        does_not_implement!(Description: PartialEq<str>);
        does_not_implement!(Description: AsRef<str>);
        does_not_implement!(Description: std::ops::Deref);
        does_not_implement!(Description: std::hash::Hash);
        does_not_implement!(Phrase: PartialEq);
        does_not_implement!(Phrase: PartialEq<str>);
        does_not_implement!(Phrase: AsRef<str>);
        does_not_implement!(Phrase: std::ops::Deref);
        does_not_implement!(Phrase: std::hash::Hash);
    }
}
