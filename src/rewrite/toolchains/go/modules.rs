//! What is known of modules whose source is not at hand: rules/tables/go_modules.tsv.

use super::Tags;

static TABLE: &str = include_str!("../../../../rules/tables/go_modules.tsv");

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// Import path of the module, or of one of its packages.
    pub module: &'static str,
    /// `cgo`, `pure` (no C, no file or program that its caller does not name), `certs`, `tz`, `temp`, `users`, `mime`,
    /// `services`, `accounts`, `exec:git`, `data:views`; `tag:dynamic`: packages and libraries count only with that build tag;
    /// `read`: see `find_unread`.
    pub needs: Vec<&'static str>,
    /// Debian packages that such a program needs at run time.
    pub packages: Vec<&'static str>,
    /// Shared libraries that it is linked against.
    pub libraries: Vec<&'static str>,
}

impl ModuleFacts {
    pub fn needs_cgo(&self) -> bool {
        self.needs.contains(&"cgo")
    }

    /// It was made by rules/tables/make/go_modules.py.
    pub fn is_of_sources(&self) -> bool {
        self.needs.contains(&"read")
    }

    /// Neither it nor a caller through it opens files, but by functions whose arguments are read here.
    pub fn takes_no_paths(&self) -> bool {
        self.needs.contains(&"no-paths")
    }

    /// Packages and libraries of a build with these tags; `sqlite3?libsqlite3` counts with the tag behind the `?`.
    /// Where that tag is only given perhaps, the `?` stays.
    pub fn linked(&self, tags: &Tags) -> (Vec<String>, Vec<String>) {
        let mut wanted = self.needs.iter().filter_map(|need| need.strip_prefix("tag:"));
        if wanted.any(|tag| !tags.may_have(tag)) {
            return (Vec::new(), Vec::new());
        }
        let owned = |list: &[&str]| -> Vec<String> {
            let words = list.iter().map(|word| word.split_once('?').unwrap_or((word, "")));
            let fit = words.filter(|(_, tag)| tag.is_empty() || tags.may_have(tag));
            // A tag that may be given links what the file has the headers of, and nothing else.
            let perhaps = |tag: &str| !tag.is_empty() && !tags.names.iter().any(|own| own == tag);
            fit.map(|(word, tag)| if perhaps(tag) { format!("{word}?") } else { word.to_string() }).collect()
        };
        (owned(&self.packages), owned(&self.libraries))
    }
}

/// The row of the longest path that the import path lies in. Rows that were made from the sources do not count: where the
/// sources are at hand they tell more.
pub fn find(import_path: &str) -> Option<ModuleFacts> {
    let paths = std::iter::successors(Some(import_path), |path| Some(path.rsplit_once('/')?.0));
    paths.filter_map(row).find(|row| !row.is_of_sources())
}

/// The row of a package whose source is not at hand. One that was made from the sources tells of that very package, in a
/// module that go.mod names.
pub fn find_unread(import_path: &str, required: bool) -> Option<ModuleFacts> {
    row(import_path).filter(|row| row.is_of_sources() && required).or_else(|| find(import_path))
}

fn row(path: &str) -> Option<ModuleFacts> {
    let mut low = 0;
    let mut high = TABLE.len();
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memchr::memrchr(b'\n', TABLE.get(..middle)?.as_bytes()).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', TABLE.get(start..)?.as_bytes()).map_or(TABLE.len(), |at| start + at);
        let line = TABLE.get(start..end)?;
        let tab = memchr::memchr(b'\t', line.as_bytes())?;
        let (key, rest) = (line.get(..tab)?, line.get(tab + 1..)?);
        match key.cmp(path) {
            // The header begins with `#` and so stands before every path.
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
            std::cmp::Ordering::Equal => return facts(key, rest),
        }
    }
    None
}

fn facts(module: &'static str, rest: &'static str) -> Option<ModuleFacts> {
    let mut columns = rest.split('\t');
    let mut list =
        || -> Option<Vec<&'static str>> { Some(columns.next()?.split(',').filter(|word| *word != "-").collect()) };
    Some(ModuleFacts { module, needs: list()?, packages: list()?, libraries: list()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_whole() {
        let lines: Vec<&str> = TABLE.lines().collect();
        assert_eq!(lines[0], "#module\tneeds\tpackages\tlibraries\tdate\tsource");
        assert!(lines.is_sorted() && lines.len() > 100);
        for line in &lines[1..] {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), 6, "{line}");
            assert_eq!(row(columns[0]).map(|found| found.module), Some(columns[0]));
            for need in columns[1].split(',') {
                let known =
                    ["cgo", "pure", "certs", "no-paths", "tz", "temp", "users", "mime", "services", "accounts", "read"]
                        .contains(&need);
                let prefixed = ["exec:", "data:", "tag:"].iter().any(|prefix| need.starts_with(prefix));
                assert!(known || prefixed, "{line}");
            }
            assert!(columns[4].len() == 10 && !columns[5].is_empty(), "{line}");
        }
    }

    #[test]
    fn packages_of_a_module_find_its_row() {
        let cgo = |path: &str| find(path).is_some_and(|found| found.needs_cgo());
        assert!(cgo("github.com/mattn/go-sqlite3"));
        assert!(cgo("github.com/confluentinc/confluent-kafka-go/v2/kafka"));
        assert!(cgo("github.com/google/gopacket/pcap"));
        assert!(!cgo("github.com/google/gopacket"));
        assert!(
            !cgo("modernc.org/sqlite") && !cgo("github.com/glebarez/sqlite") && !cgo("github.com/segmentio/kafka-go")
        );
        assert_eq!(find("github.com/nobody/nothing"), None);
        assert_eq!(find("aaa"), None);
        assert_eq!(find("zzz"), None);
    }

    #[test]
    fn a_row_made_from_sources_tells_of_its_package_alone() {
        let known = |path: &str, required| find_unread(path, required).map(|row| row.module);
        let log = "github.com/labstack/gommon/log";
        assert_eq!(known(log, true), Some(log));
        assert_eq!(known(log, false), None);
        assert_eq!(known("github.com/labstack/gommon/log/more", true), None);
        assert_eq!(find(log), None);
        // Those that somebody wrote hold for whatever is below them.
        assert_eq!(known("github.com/gin-contrib/cors/x", false), Some("github.com/gin-contrib/cors"));
    }
}
