//! Look-ups in the sorted tables of rules/tables by bisection on their text.

/// The lines of a table whose first column is `key`.
pub fn lines<'k>(table: &'static str, key: &'k str) -> impl Iterator<Item = &'static str> + use<'k> {
    let rest = table.get(lower_bound(table, key)..).unwrap_or_default();
    rest.lines().take_while(move |line| first_column(line) == key)
}

fn first_column(line: &str) -> &str {
    line.split('\t').next().unwrap_or(line)
}

/// Where the first line begins whose first column is not before `key`; the head line does not count.
fn lower_bound(table: &str, key: &str) -> usize {
    let head = memchr::memchr(b'\n', table.as_bytes()).map_or(table.len(), |at| at + 1);
    let (mut low, mut high) = (head, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = table.as_bytes().get(low..middle).unwrap_or_default();
        let start = memchr::memrchr(b'\n', before).map_or(low, |at| low + at + 1);
        let rest = table.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        if first_column(line) < key {
            low = (start + line.len() + 1).min(high);
        } else {
            high = start;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_by_its_key() {
        let table = "name\tx\na\t1\nb\t2\nb\t3\nbb\t4\nc d\t5\nz\t6\n";
        let found = |key: &str| lines(table, key).map(|line| line.rsplit('\t').next().unwrap()).collect::<String>();
        for (key, expected) in
            [("a", "1"), ("b", "23"), ("bb", "4"), ("c d", "5"), ("z", "6"), ("", ""), ("name", ""), ("zz", "")]
        {
            assert_eq!(found(key), expected, "{key}");
        }
    }
}
