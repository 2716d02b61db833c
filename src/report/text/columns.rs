//! Columns of text.

/// The text with spaces behind it up to a width in characters.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{:gap$}", "", gap = width.saturating_sub(text.chars().count()))
}

/// Rows with their cells under each other, two spaces apart; all columns but the first are aligned right where
/// `numbers` says so.
pub(super) fn aligned(rows: &[Vec<String>], numbers: bool) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let gap = width - cell.chars().count();
            if numbers && column > 0 { format!("{:gap$}{cell}", "") } else { format!("{cell}{:gap$}", "") }
        });
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [vec!["µ".to_owned(), "1".to_owned()], vec!["abc".to_owned(), "23".to_owned(), "x".to_owned()]];
        assert_eq!(aligned(&rows, true), ["µ     1", "abc  23  x"]);
        assert_eq!(aligned(&rows, false), ["µ    1", "abc  23  x"]);
    }
}
