//! Sorted TSV tables, searched by bisection on their text: nothing is parsed at start-up.

/// The rows of a table whose first column is `key`, in order, each as its columns. The table is sorted by bytes and
/// each line ends in a line feed.
pub fn rows<'t>(table: &'t str, key: &'t str) -> impl Iterator<Item = Vec<&'t str>> {
    let mut low = 0;
    let mut high = table.len();
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memchr::memrchr(b'\n', table.as_bytes().get(low..middle).unwrap_or_default())
            .map_or(low, |at| low + at + 1);
        let end = memchr::memchr(b'\n', table.as_bytes().get(start..).unwrap_or_default())
            .map_or(table.len(), |at| start + at + 1);
        let line = table.get(start..end).unwrap_or("");
        if line.starts_with('#') || first_column(line) < key {
            low = end;
        } else {
            high = start;
        }
    }
    table
        .get(low..)
        .unwrap_or("")
        .lines()
        .take_while(move |line| first_column(line) == key)
        .map(|line| line.split('\t').collect())
}

fn first_column(line: &str) -> &str {
    line.split(['\t', '\n']).next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn every_key_is_found_and_no_other() {
        let table = "#key\tvalue\na\t1\nb\t2\nb\t3\nbb\t4\nz\t5\n";
        let values = |key| rows(table, key).map(|row| row.get(1).unwrap().to_string()).collect::<Vec<_>>();
        assert_eq!(values("a"), ["1"]);
        assert_eq!(values("b"), ["2", "3"]);
        assert_eq!(values("bb"), ["4"]);
        assert_eq!(values("z"), ["5"]);
        assert!(values("c").is_empty() && values("").is_empty() && values("zz").is_empty());
    }
}
