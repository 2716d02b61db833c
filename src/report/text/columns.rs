//! Columns of text.

use super::style::dim;

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

/// A table of numbers under a head. Where it has not enough room, a line for each row that names what it has.
pub(super) fn table(rows: &[Vec<String>], room: usize) -> Vec<String> {
    let lines = aligned(rows, true);
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let [head, body @ ..] = rows else { return lines };
    if widest <= room {
        return lines.into_iter().enumerate().map(|(at, text)| if at == 0 { dim(&text) } else { text }).collect();
    }
    let named = |row: &Vec<String>| {
        // a number stays beside its name where the line is broken
        let whole = |text: &str| text.replace(' ', "\u{a0}");
        let cells =
            head.iter().zip(row).skip(1).map(|(name, cell)| format!("{}\u{a0}{}", dim(&whole(name)), whole(cell)));
        format!("{}  {}", row.first().map_or("", String::as_str), cells.collect::<Vec<_>>().join(", "))
    };
    body.iter().map(named).collect()
}

/// The columns of a table that are within a width: the first, and of the others those that matter most. `matter` has them
/// in that order, those that are necessary first; none where even these do not fit. The names of those that are left out come with it.
pub(super) fn fitting(
    rows: &[Vec<String>],
    (matter, necessary): (&[usize], usize),
    room: usize,
) -> Option<(Vec<String>, Vec<String>)> {
    let width = |column: &usize| rows.iter().filter_map(|row| row.get(*column)).map(|cell| cell.chars().count()).max();
    let mut left = room.checked_sub(width(&0)?)?;
    let mut kept = vec![0];
    for (at, column) in matter.iter().enumerate() {
        let needed = width(column)? + 2;
        if needed <= left {
            kept.push(*column);
            left -= needed;
        } else if at < necessary {
            return None;
        }
    }
    kept.sort_unstable();
    let part = |row: &Vec<String>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<_>>();
    let head = rows.first()?;
    let without = (0..head.len()).filter(|at| !kept.contains(at)).map(|at| head[at].clone()).collect();
    let lines = aligned(&rows.iter().map(part).collect::<Vec<_>>(), true).into_iter().enumerate();
    Some((lines.map(|(at, text)| if at == 0 { dim(&text) } else { text }).collect(), without))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_room_names_what_each_row_has() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows =
            [row(["", "p50", "max"]), row(["response time", "1 ms", "24 ms"]), row(["service time", "1 ms", "2 ms"])];
        let shown =
            |room| table(&rows, room).iter().map(|text| anstream::adapter::strip_str(text).to_string()).collect();
        let (wide, narrow): (Vec<_>, Vec<_>) = (shown(26), shown(25));
        assert_eq!(wide, ["                p50    max", "response time  1 ms  24 ms", "service time   1 ms   2 ms"]);
        let narrow: Vec<_> = narrow.iter().map(|line: &String| line.replace('\u{a0}', "~")).collect();
        assert_eq!(narrow, ["response time  p50~1~ms, max~24~ms", "service time  p50~1~ms, max~2~ms"]);
    }

    #[test]
    fn columns_that_matter_less_give_way() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [row(["scheme", "cost", "pairs", "low … high"]), row(["jwt", "+1 ms", "1234", "+1 ms … +2 ms"])];
        let shown = |room| {
            let (lines, without) = fitting(&rows, (&[1, 3, 2], 2), room)?;
            let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
            Some((lines.iter().map(plain).collect::<Vec<_>>(), without))
        };
        let whole =
            ["scheme   cost  pairs     low … high", "jwt     +1 ms   1234  +1 ms … +2 ms"].map(str::to_owned).to_vec();
        assert_eq!(shown(35), Some((whole, Vec::new())));
        let part = ["scheme   cost     low … high", "jwt     +1 ms  +1 ms … +2 ms"].map(str::to_owned).to_vec();
        assert_eq!(shown(34), Some((part.clone(), vec!["pairs".to_owned()])));
        assert_eq!(shown(28), Some((part, vec!["pairs".to_owned()])));
        assert_eq!(shown(27), None);
    }

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [vec!["µ".to_owned(), "1".to_owned()], vec!["abc".to_owned(), "23".to_owned(), "x".to_owned()]];
        assert_eq!(aligned(&rows, true), ["µ     1", "abc  23  x"]);
        assert_eq!(aligned(&rows, false), ["µ    1", "abc  23  x"]);
    }
}
