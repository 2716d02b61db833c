//! Lines that fit: what matters least gives way first.

use owo_colors::{OwoColorize as _, Style};

/// The least that is left of the first part before others give way.
const LEAST: usize = 16;

/// The weight of a part that is cut and not left out.
pub(super) const STAYS: u8 = 9;

/// A part of a line.
#[derive(Clone, Debug)]
struct Part {
    text: String,
    style: Style,
    /// The less, the earlier it gives way.
    weight: u8,
}

/// A line of parts.
#[derive(Clone, Debug)]
pub(super) struct StatusLine {
    parts: Vec<Part>,
    between: &'static str,
    /// Whether the first part may be shortened before others give way.
    shrinks: bool,
}

impl StatusLine {
    /// A line whose parts are set apart by this text.
    pub(super) fn new(between: &'static str) -> Self {
        Self { parts: Vec::new(), between, shrinks: false }
    }

    /// Adds a part, unless it is empty.
    pub(super) fn push(&mut self, weight: u8, style: Style, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.parts.push(Part { text, style, weight });
        }
    }

    /// Adds a part without a colour.
    pub(super) fn add(&mut self, weight: u8, text: impl Into<String>) {
        self.push(weight, Style::new(), text);
    }

    /// Adds a name as the first part, which is shortened before others give way.
    pub(super) fn name(&mut self, weight: u8, style: Style, text: &str) {
        self.shrinks = !text.is_empty();
        self.push(weight, style, text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The whole line without colours.
    pub(super) fn plain(&self) -> String {
        let texts: Vec<_> = self.parts.iter().map(|part| part.text.as_str()).collect();
        texts.join(self.between)
    }

    /// The whole line.
    pub(super) fn styled(&self, coloured: bool) -> String {
        let style = |part: &Part| if coloured { part.text.style(part.style).to_string() } else { part.text.clone() };
        self.parts.iter().map(style).collect::<Vec<_>>().join(self.between)
    }

    /// The line within a width: a name is shortened, then the parts that matter less are left out, then the end is cut.
    pub(super) fn fitted(&self, width: usize, coloured: bool) -> String {
        let mut line = self.clone();
        let over = line.width().saturating_sub(width);
        if over > 0 && line.shrinks {
            let first = &mut line.parts[0];
            first.text = cut(&first.text, first.text.chars().count().saturating_sub(over).max(LEAST));
        }
        while line.width() > width {
            let least = line.parts.iter().map(|part| part.weight).min().unwrap_or(STAYS);
            if least >= STAYS {
                break;
            }
            let at = line.parts.iter().rposition(|part| part.weight == least).unwrap_or_default();
            line.parts.remove(at);
        }
        loop {
            let (over, several) = (line.width().saturating_sub(width), line.parts.len() > 1);
            let Some(last) = line.parts.last_mut().filter(|_| over > 0) else { break };
            let left = last.text.chars().count().saturating_sub(over);
            if left > 1 || !several {
                last.text = cut(&last.text, left);
                break;
            }
            line.parts.pop();
        }
        line.styled(coloured)
    }

    fn width(&self) -> usize {
        self.plain().chars().count()
    }
}

/// The start of a text, with a sign where that is not all.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let start: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_gives_way_first() {
        let mut line = StatusLine::new(" · ");
        line.name(5, Style::new(), "a scenario with a long name");
        line.add(1, "12 s");
        line.add(9, "2 fail");
        assert_eq!(line.fitted(80, false), "a scenario with a long name · 12 s · 2 fail");
        assert_eq!(line.fitted(40, false), "a scenario with a long… · 12 s · 2 fail");
        assert_eq!(line.fitted(28, false), "a scenario with… · 2 fail");
        assert_eq!(line.fitted(10, false), "2 fail");
        assert_eq!(line.fitted(4, false), "2 f…");
        line.push(9, Style::new().red(), "3 warn");
        assert_eq!(anstream::adapter::strip_str(&line.fitted(60, true)).to_string(), line.fitted(60, false));
    }
}
