//! How large a base image is, by its name and tag.

use crate::diagnostic::{Basis, Cost, Size};
use crate::model::tables;

static SIZES: &str = include_str!("../../rules/tables/base_sizes.tsv");

/// The bytes of an image on disk, linux/amd64. `name` is the plain name (`golang`, `gcr.io/distroless/static-debian12`).
///
/// A tag without a row takes the nearest version of the same variant, marked as estimated with a range of 20 %:
/// leave-one-out over the measured rows found a median error of 10 %. Another variant is never taken.
pub fn base(name: &str, tag: &str) -> Option<Cost> {
    let wanted = Tag::read(tag);
    let mut best: Option<(Distance, u64, &str)> = None;
    for row in tables::lines(SIZES, name) {
        let mut columns = row.split('\t').skip(1);
        let (Some(row_tag), Some(bytes), Some(basis)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let Ok(bytes) = bytes.parse::<u64>() else { continue };
        let Some(distance) = wanted.distance(&Tag::read(row_tag)) else { continue };
        if best.as_ref().is_none_or(|(other, ..)| distance < *other) {
            best = Some((distance, bytes, basis));
        }
    }
    let (distance, bytes, basis) = best?;
    if distance.exact() {
        let spread = if basis == "measured" { 0 } else { bytes / 10 };
        let basis = if basis == "measured" { Basis::Table } else { Basis::Estimated };
        return Some(Cost { size: Size { low: bytes - spread, likely: bytes, high: bytes + spread }, basis });
    }
    let size = Size { low: bytes / 5 * 4, likely: bytes, high: bytes / 5 * 6 };
    Some(Cost { size, basis: Basis::Estimated })
}

/// A tag taken apart: `1.22.3-alpine3.19` is version 1.22.3, variant `alpine`, suite 3.19.
#[derive(Debug, PartialEq, Eq)]
struct Tag<'t> {
    version: Vec<u32>,
    variants: Vec<&'t str>,
    suite: Option<&'t str>,
}

/// Ordered: the better match is the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    suite: bool,
    major: u32,
    minor: u32,
    patch: u32,
    /// The wanted tag names no version: the newest row is nearest.
    newest: std::cmp::Reverse<u32>,
    newest_minor: std::cmp::Reverse<u32>,
    newest_patch: std::cmp::Reverse<u32>,
}

impl Distance {
    fn exact(&self) -> bool {
        !self.suite && self.major == 0 && self.minor == 0
    }
}

/// Debian and Ubuntu releases that stand in tags, oldest first; the position is the distance.
const SUITES: &[&str] = &[
    "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "trusty", "xenial", "bionic",
    "focal", "jammy", "noble", "resolute",
];

impl<'t> Tag<'t> {
    fn read(tag: &'t str) -> Tag<'t> {
        let mut read = Tag { version: Vec::new(), variants: Vec::new(), suite: None };
        for part in tag.split(['-', '_']) {
            let digits = part.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
            match digits {
                Ok(version) if read.version.is_empty() => read.version = version,
                Ok(_) => {}
                Err(_) if SUITES.contains(&part) => read.suite = Some(part),
                Err(_) if part.starts_with("alpine") => {
                    read.variants.push("alpine");
                    read.suite = part.strip_prefix("alpine").filter(|version| !version.is_empty());
                }
                // The same image under another name.
                Err(_) if matches!(part, "latest" | "stable" | "lts" | "current" | "nonroot" | "") => {}
                Err(_) => read.variants.push(part),
            }
        }
        read.variants.sort_unstable();
        read
    }

    fn distance(&self, row: &Tag<'_>) -> Option<Distance> {
        if self.variants != row.variants {
            return None;
        }
        let suite = match (self.suite, row.suite) {
            (Some(wanted), Some(suite)) => wanted != suite,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let part = |version: &[u32], at: usize| version.get(at).copied();
        let gap = |at: usize| match (part(&self.version, at), part(&row.version, at)) {
            (Some(wanted), Some(version)) => wanted.abs_diff(version),
            // A row without a version in its tag stands for whatever was current then.
            (Some(_), None) => 50,
            (None, _) => 0,
        };
        let major = gap(0);
        // Between 1.22 and 1.25 lie three minor versions; between 3.9 and 2.7 the minor ones say nothing.
        let minor = if major == 0 { gap(1) } else { 0 };
        let unversioned = self.version.is_empty();
        let newest =
            |at| std::cmp::Reverse(if unversioned || major > 0 { part(&row.version, at).unwrap_or(0) } else { 0 });
        // Without a version the tag moves: it is exact only where the row has no version either.
        let moved = u32::from(unversioned && !row.version.is_empty());
        Some(Distance {
            suite,
            major,
            minor: minor + moved,
            patch: if major + minor == 0 { gap(2) } else { 0 },
            newest: newest(0),
            newest_minor: newest(1),
            newest_patch: std::cmp::Reverse(part(&row.version, 2).unwrap_or(0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn megabytes(name: &str, tag: &str) -> Option<(u64, Basis)> {
        base(name, tag).map(|cost| (cost.size.likely / 1_000_000, cost.basis))
    }

    #[test]
    fn a_tag_of_the_table_has_its_size() {
        assert_eq!(megabytes("golang", "1.26.8-bookworm"), Some((833, Basis::Table)));
        assert_eq!(megabytes("golang", "1.26.8-trixie"), Some((874, Basis::Table)));
        assert_eq!(megabytes("debian", "bookworm-slim"), Some((74, Basis::Table)));
        assert_eq!(megabytes("gcr.io/distroless/static-debian12", "latest"), Some((1, Basis::Table)));
        assert_eq!(megabytes("gcr.io/distroless/static-debian12", "nonroot"), Some((1, Basis::Table)));
    }

    #[test]
    fn a_short_version_takes_the_row_that_it_stands_for() {
        assert_eq!(megabytes("golang", "1.25-bookworm"), Some((807, Basis::Table)));
        assert_eq!(megabytes("alpine", "3.22"), Some((8, Basis::Table)));
        assert_eq!(megabytes("alpine", "3.19"), Some((7, Basis::Estimated)));
    }

    #[test]
    fn the_nearest_version_of_the_same_variant_is_an_estimate() {
        assert_eq!(megabytes("golang", "1.16"), Some((839, Basis::Estimated)));
        assert_eq!(megabytes("golang", "1.22-alpine3.19"), Some((215, Basis::Estimated)));
        assert_eq!(megabytes("golang", "latest").map(|size| size.1), Some(Basis::Estimated));
    }

    #[test]
    fn another_variant_is_never_taken() {
        assert_eq!(megabytes("golang", "1.22-windowsservercore"), None);
        assert_eq!(megabytes("no/such", "1"), None);
    }
}
