//! What a server says is hostile text: one function for each place that it may be printed in.

/// Characters that act on a terminal or reorder what is read (Unicode UAX #9 §2), instead of being seen.
fn is_unseen(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Text for one line of a terminal, a message or a table: line ends and tabs become spaces, what acts becomes U+FFFD.
pub(super) fn line(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { seen(c) }).collect()
}

/// Text of several lines, for places that show them as they are.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(|c| if c == '\n' || c == '\t' { c } else { seen(c) }).collect()
}

fn seen(c: char) -> char {
    if is_unseen(c) { '\u{fffd}' } else { c }
}

/// A path or id as a shell takes it for one word.
pub(super) fn shell(word: &str) -> String {
    let word = line(word);
    let plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(line("a\u{1b}[31mb\0c\nd\u{9b}e\u{202e}f"), "a\u{fffd}[31mb\u{fffd}c d\u{fffd}e\u{fffd}f");
        assert_eq!(lines("a\r\nb\tc\u{7}"), "a\nb\tc\u{fffd}");
    }

    #[test]
    fn a_word_stays_one_word() {
        for (word, quoted) in [
            ("scenarios/orders.yaml", "scenarios/orders.yaml"),
            ("my file.yaml", "'my file.yaml'"),
            ("a'b; rm -rf /", r"'a'\''b; rm -rf /'"),
            ("", "''"),
        ] {
            assert_eq!(shell(word), quoted);
        }
    }
}
