//! Texts for people that the source code fixes, which the scrubber leaves as they are.

use super::Description;
use crate::secret::Scrubber;

/// What the source code fixes of several descriptions: a secret that happens to be a word of it, such as Base64, is not given
/// away by it. Masked there, it would be.
#[derive(Clone, Debug, Default)]
pub struct FixedTexts(Vec<&'static str>);

impl FixedTexts {
    /// Those of these descriptions.
    pub fn of<'a>(descriptions: impl Iterator<Item = &'a Description>) -> Self {
        let mut phrases: Vec<&'static str> = descriptions.flat_map(Description::fixed).collect();
        phrases.sort_unstable();
        phrases.dedup();
        Self(phrases)
    }

    /// A text without any known secret, but for what is fixed.
    pub fn scrub(&self, text: &str, scrubber: &Scrubber) -> String {
        scrubber.scrub_beside(text, &self.0)
    }
}
