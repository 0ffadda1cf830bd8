//! Rows with their columns below each other.

/// Between two columns.
const GAP: usize = 2;

/// A line for each row, each column as wide as its widest cell.
pub(crate) fn lines<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<0$}", width + GAP));
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let rows = [["id", "owner", "note"], ["0a", "a-long-name", ""], ["0b", "é", "x y"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(lines(&rows), ["id  owner        note", "0a  a-long-name", "0b  é            x y"]);
        assert_eq!(lines::<3>(&[]), Vec::<String>::new());
    }
}
