//! Lies about a string that fit every scheme whose credential is one. Each returns `None` where it would change nothing.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// Without its last character.
pub(super) fn truncated(good: &str) -> Option<String> {
    let mut lie = good.to_owned();
    lie.pop()?;
    changed(good, lie)
}

/// With its middle character replaced by another of its kind.
pub(super) fn middle_changed(good: &str) -> Option<String> {
    let mut chars: Vec<char> = good.chars().collect();
    let middle = chars.len() / 2;
    let at = (middle..chars.len()).chain(0..middle).find(|at| chars[*at].is_ascii_alphanumeric())?;
    chars[at] = neighbour(chars[at]);
    changed(good, chars.into_iter().collect())
}

/// A random value of the same length, alphabet and prefix.
pub(super) fn unknown(good: &str, rng: &mut StdRng) -> Option<String> {
    let kept = good.rfind(['_', '-']).map_or(0, |at| at + 1);
    let random = |c: char| match c {
        'a'..='z' => char::from(rng.random_range(b'a'..=b'z')),
        'A'..='Z' => char::from(rng.random_range(b'A'..=b'Z')),
        '0'..='9' => char::from(rng.random_range(b'0'..=b'9')),
        other => other,
    };
    let lie: String = good[..kept].chars().chain(good[kept..].chars().map(random)).collect();
    changed(good, lie)
}

fn neighbour(c: char) -> char {
    match c {
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        other => char::from_u32(other as u32 + 1).unwrap_or('a'),
    }
}

fn changed(good: &str, lie: String) -> Option<String> {
    (lie != good && !lie.is_empty()).then_some(lie)
}
