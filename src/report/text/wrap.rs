//! Lines within the width of a terminal: broken between words, what follows under the start of the text.

/// Words before lines that are copied as they are: a terminal breaks them without a line end.
const COPIED: [&str; 4] = ["replay", "curl", "raw", "more"];
/// Units that stay beside their number.
const UNITS: [&str; 7] = ["µs", "ms", "s", "min", "h", "%", "KiB"];
/// The furthest that the second column begins.
const SECOND_COLUMN: usize = 24;

/// The text with each line within a width; styles take no room.
pub fn wrapped(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| if fits(line, width) { line.to_owned() } else { broken(line, width) });
    lines.collect::<Vec<_>>().join("\n")
}

fn fits(line: &str, width: usize) -> bool {
    let plain = anstream::adapter::strip_str(line).to_string();
    let first = plain.split_whitespace().next().unwrap_or_default();
    plain.chars().count() <= width || (plain.starts_with(' ') && COPIED.contains(&first))
}

/// A line in several. A word that is longer than a line stays whole.
fn broken(line: &str, width: usize) -> String {
    let indent = hanging(&anstream::adapter::strip_str(line).to_string(), width);
    let (mut text, mut column, mut began) = (String::new(), 0, false);
    for (gap, word) in words(line) {
        let long = anstream::adapter::strip_str(word).to_string().chars().count();
        if began && column + gap + long > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            text.push_str(&" ".repeat(gap));
            column += gap;
        }
        text.push_str(word);
        column += long;
        began = true;
    }
    text
}

/// Words, each with the number of spaces before it. A number and its unit are one.
fn words(line: &str) -> Vec<(usize, &str)> {
    let (mut words, mut rest) = (Vec::new(), line);
    while !rest.is_empty() {
        let word = rest.trim_start_matches(' ');
        let mut end = word.find(' ').unwrap_or(word.len());
        if word[..end].ends_with(|c: char| c.is_ascii_digit()) {
            let unit = word[end..].strip_prefix(' ').unwrap_or_default();
            let unit = &unit[..unit.find(' ').unwrap_or(unit.len())];
            if UNITS.contains(&unit.trim_end_matches([',', ';', ':', '.', ')'])) {
                end += 1 + unit.len();
            }
        }
        words.push((rest.len() - word.len(), &word[..end]));
        rest = &word[end..];
    }
    words
}

/// Where what follows begins: under the second column, if there is one at the start of the line.
fn hanging(plain: &str, width: usize) -> usize {
    let start = plain.len() - plain.trim_start_matches(' ').len();
    let label = &plain[start..];
    let second = label.find("  ").map(|gap| {
        let after = &label[gap..];
        let spaces = after.len() - after.trim_start_matches(' ').len();
        start + label[..gap].chars().count() + spaces
    });
    // a row without a label goes on under the label of another, and must look different from the next such row
    let own = if start >= 10 { Some(start + 2) } else { None };
    let column = own.or(second).filter(|column| *column <= SECOND_COLUMN && *column <= width / 2);
    column.unwrap_or(start + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let text = "  seen      granted 200 in 1.8 ms with the orders of two customers\nshort\n";
        assert_eq!(
            wrapped(text, 40),
            "  seen      granted 200 in 1.8 ms with\n            the orders of two customers\nshort\n"
        );
        assert_eq!(wrapped(text, 80), text);
        let styled = "  \x1b[2mseen\x1b[0m      granted 200 in 1.8 ms with the orders";
        assert_eq!(wrapped(styled, 40), "  \x1b[2mseen\x1b[0m      granted 200 in 1.8 ms with\n            the orders");
    }

    #[test]
    fn a_number_stays_beside_its_unit() {
        assert_eq!(
            wrapped("the baseline differed by 0.12 µs: that much", 29),
            "the baseline differed by\n  0.12 µs: that much"
        );
        assert_eq!(wrapped("of the requests 1 % were late", 17), "of the requests\n  1 % were late");
    }

    #[test]
    fn what_is_copied_is_not_broken() {
        let text = "     replay    authbench run a-long-name-of-a-scenario.yaml --check a.b --seed 7";
        assert_eq!(wrapped(text, 30), text);
        assert_eq!(wrapped("  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 20), "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    b");
    }
}
