//! What a server says is hostile text: one function for each place that it may be printed in.

/// Characters that act on a terminal or reorder what is read (Unicode UAX #9 §2), instead of being seen.
fn is_unseen(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Text for one line of a terminal, a message or a table: line ends and tabs become spaces, what acts becomes U+FFFD.
/// It is no command of a CI log either: those begin a line with `::`, or have `##[` anywhere.
pub(super) fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { seen(c) }).collect();
    let text = text.replace("##[", "## [");
    match text.trim_start().strip_prefix("::") {
        Some(rest) => format!(": :{rest}"),
        None => text,
    }
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

/// Text in the prose or a table of Markdown. Character references never act (CommonMark 0.31 §2.5), yet GitHub looks
/// for people to mention in what they stand for: a comment behind the sign keeps it from that.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '@' => escaped.push_str("@<!-- -->"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '!' | '$' => {
                escaped.push_str(&format!("&#{};", u32::from(c)));
            }
            _ => escaped.push(c),
        }
    }
    // bare addresses become links in GitHub's Markdown
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// Text as code in the prose of Markdown, where nothing acts (CommonMark 0.31 §6.1). Not for tables: `|` ends a cell.
pub(super) fn code(text: &str) -> String {
    let text = line(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// Lines as a block of code in Markdown; the fence is longer than any within.
pub(super) fn code_block(text: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat((longest_run(&text, '`') + 1).max(3));
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|c| c != wanted).map(str::len).max().unwrap_or(0)
}

/// Data of a GitHub workflow command: what would end the line is encoded.
pub(super) fn command(text: &str) -> String {
    lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a GitHub workflow command: what would end the property too.
pub(super) fn command_property(text: &str) -> String {
    command(&line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Text of a cell that a spreadsheet takes as text: an apostrophe stands before what would begin a formula.
pub(super) fn cell(text: &str) -> String {
    let text = line(text);
    let begins = text.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    if begins { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_in_markdown() {
        for (text, escaped) in [
            ("a **b** <b>", "a &#42;&#42;b&#42;&#42; &#60;b&#62;"),
            ("[x](javascript:1)", "&#91;x&#93;(javascript:1)"),
            ("a | b\n# c", "a &#124; b &#35; c"),
            ("@everyone", "@<!-- -->everyone"),
            ("see https://evil.test", "see https&#58;//evil.test"),
        ] {
            assert_eq!(markdown(text), escaped);
        }
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code_block("a\n```\n"), "````text\na\n```\n````\n");
    }

    #[test]
    fn nothing_acts_in_a_log() {
        assert_eq!(line(" ::error::x"), ": :error::x");
        assert_eq!(line("a ##[add-mask]b"), "a ## [add-mask]b");
        assert_eq!(command("100 %\n::error::x"), "100 %25%0A::error::x");
        assert_eq!(command_property("a,b::c"), "a%2Cb%3A%3Ac");
    }

    #[test]
    fn nothing_acts_in_a_spreadsheet() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\n=1", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text:?} became {:?}", cell(text));
        }
        assert_eq!(cell("a=1"), "a=1");
    }

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
