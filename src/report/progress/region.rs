//! The lines at the end of a terminal that are drawn over.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Lines that stand on the terminal at this moment: there is one terminal, and a signal may be answered between two drawings.
static STANDING: AtomicUsize = AtomicUsize::new(0);

/// What was drawn last.
#[derive(Debug, Default)]
pub(super) struct Region {
    drawn: Vec<String>,
}

impl Region {
    /// What draws these lines over those that stand there; nothing where they are the same, so that nothing flickers and a
    /// reader may select them. Wrapping is off meanwhile, so that a line which is too long for the terminal is cut and not
    /// carried on to a next one, where it would stay.
    pub(super) fn drawn(&mut self, lines: &[String]) -> String {
        let standing = STANDING.swap(lines.len(), Ordering::Relaxed);
        if standing == lines.len() && self.drawn == lines {
            return String::new();
        }
        self.drawn = lines.to_vec();
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\x1b[K")).collect();
        format!("{}\x1b[?7l{}\x1b[J\x1b[?7h", to_top(standing), lines.join("\r\n"))
    }

    /// What takes the lines away.
    pub(super) fn cleared(&mut self) -> String {
        self.drawn.clear();
        cleared()
    }
}

/// What takes away the lines that stand there.
pub(super) fn cleared() -> String {
    match STANDING.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        standing => format!("{}\x1b[J", to_top(standing)),
    }
}

/// To the start of the first line that stands there.
fn to_top(standing: usize) -> String {
    match standing {
        0 | 1 => "\r".to_owned(),
        _ => format!("\r\x1b[{}A", standing - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands on a terminal after this was written to it.
    fn screen(written: &str) -> Vec<String> {
        let (mut lines, mut row) = (vec![String::new()], 0);
        let mut rest = written;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\r' => {}
                '\n' => {
                    row += 1;
                    if row == lines.len() {
                        lines.push(String::new());
                    }
                    lines[row].clear();
                }
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).expect("ends");
                    let (number, act) = (rest[1..end].to_owned(), &rest[end..=end]);
                    match act {
                        "A" => row -= number.parse::<usize>().expect("a number"),
                        "J" => lines.truncate(row + 1),
                        "K" | "l" | "h" => {}
                        other => panic!("{other}"),
                    }
                    if act == "A" {
                        lines[row].clear();
                    }
                    if act == "J" && written.len() == rest.len() {
                        lines.clear();
                    }
                    rest = &rest[end + 1..];
                }
                c => lines[row].push(c),
            }
        }
        lines
    }

    #[test]
    fn lines_are_drawn_over_and_taken_away() {
        let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let mut region = Region::default();
        let mut written = region.drawn(&own(&["one", "two", "three"]));
        assert_eq!(screen(&written), ["one", "two", "three"]);
        written += &region.drawn(&own(&["four", "five"]));
        assert_eq!(screen(&written), ["four", "five"]);
        assert_eq!(region.drawn(&own(&["four", "five"])), "", "what stands there is not drawn again");
        let cleared = region.cleared();
        assert!(cleared.starts_with("\r\x1b[1A") && cleared.ends_with("\x1b[J"), "{cleared:?}");
        assert_eq!(region.cleared(), "");
        assert!(region.drawn(&own(&["six"])).contains("\x1b[?7lsix"));
        region.cleared();
    }
}
