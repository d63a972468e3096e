//! How large a base image is, by its name and tag.

use crate::diagnostic::{Basis, Cost, Size};
use crate::model::tables;
use crate::settings::{LockedImage, LockedSize};

pub(super) use SIZES as TEXT;

pub(super) static SIZES: &str = include_str!("../../rules/tables/base_sizes.tsv");

/// What is known of the size of an image, linux/amd64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseSize {
    /// On disk.
    pub cost: Cost,
    /// Bytes of its compressed layers, as a registry keeps and sends them: measured, or by the usual ratio.
    pub compressed: u64,
    /// The tag whose size it is when the wanted one has no row of its own.
    pub like: Option<String>,
    /// The day on which a registry told `compressed`.
    pub asked: Option<String>,
}

/// Bytes on disk for one byte in the registry where only one of the two was measured: 2.45 to 3.1 for whole images,
/// 2.15 for alpine alone.
const RATIO: f64 = 2.7;

/// The size of an image. `name` is the plain name (`golang`, `gcr.io/distroless/static-debian12`).
///
/// A tag without a row takes the nearest version of the same variant, marked as estimated with a range: leave-one-out
/// over the measured rows found a median error of 10 %. A variant without any row is its own base image plus what a
/// sibling puts on top of its base: `node:24-alpine` without a row is alpine plus what node:24-slim adds to debian.
pub fn image(name: &str, tag: &str) -> Option<BaseSize> {
    let wanted = Tag::read(tag);
    match nearest(name, &wanted, false) {
        Some(row) => Some(row.sized()),
        None => sibling(name, &wanted, false),
    }
}

/// The same without the rows that say it, for measuring how good the other rows are.
pub fn image_without_itself(name: &str, tag: &str) -> Option<BaseSize> {
    let wanted = Tag::read(tag);
    match nearest(name, &wanted, true) {
        Some(row) => Some(row.sized()),
        None => sibling(name, &wanted, true),
    }
}

/// What a registry told. It counts compressed bytes; those on disk are what it tells of the layers' archives, or the
/// compressed ones times the ratio of the nearest row.
pub(super) fn asked(name: &str, tag: &str, image: &LockedImage, told: &LockedSize) -> BaseSize {
    let row = nearest(name, &Tag::read(tag), false).map(|nearest| nearest.row).filter(|row| row.compressed > 0);
    let times = |ratio: f64| (told.compressed as f64 * ratio) as u64;
    let size = match (told.unpacked, row) {
        // An archive has a head for every file and fills it up to whole blocks: 4 to 5 % of real images, and a larger
        // share of small ones with many small files.
        (Some(bytes), _) => {
            Size { low: (bytes / 100 * 92).saturating_sub(1_000_000), likely: bytes / 1000 * 955, high: bytes }
        }
        (None, Some(row)) => {
            let ratio = row.bytes as f64 / row.compressed as f64;
            let spread = if row.measured { 0.1 } else { 0.15 };
            Size { low: times(ratio * (1.0 - spread)), likely: times(ratio), high: times(ratio * (1.0 + spread)) }
        }
        (None, None) => Size { low: times(2.15), likely: times(RATIO), high: times(3.1) },
    };
    BaseSize {
        cost: Cost { size, basis: Basis::Estimated },
        compressed: told.compressed,
        like: None,
        asked: Some(image.date.clone()),
    }
}

struct Row {
    tag: &'static str,
    bytes: u64,
    compressed: u64,
    measured: bool,
}

impl Row {
    fn read(line: &'static str) -> Option<Row> {
        let mut cells = line.split('\t').skip(1);
        let tag = cells.next()?;
        let bytes = cells.next()?.parse().ok()?;
        let compressed = cells.next()?.parse().ok()?;
        Some(Row { tag, bytes, compressed, measured: cells.next()? == "measured" })
    }

    fn compressed(&self) -> u64 {
        if self.compressed > 0 { self.compressed } else { (self.bytes as f64 / RATIO) as u64 }
    }
}

/// The nearest row, and whether it is the wanted one.
struct Nearest {
    row: Row,
    distance: Distance,
}

impl Nearest {
    fn sized(self) -> BaseSize {
        let Nearest { row, distance } = self;
        let (spread, basis, like) = match (distance.exact(), row.measured) {
            (true, true) => (0, Basis::Table, None),
            // The size on disk is the compressed one times the ratio of its kind.
            (true, false) => (row.bytes / 10, Basis::Estimated, None),
            (false, _) => {
                let share = if distance.major > 0 || distance.suite { 4 } else { 5 };
                (row.bytes / share, Basis::Estimated, Some(row.tag.to_string()))
            }
        };
        let size = Size { low: row.bytes - spread, likely: row.bytes, high: row.bytes + spread };
        BaseSize { cost: Cost { size, basis }, compressed: row.compressed(), like, asked: None }
    }
}

/// `leave_out`: the rows of the wanted tag itself do not count.
fn nearest(name: &str, wanted: &Tag<'_>, leave_out: bool) -> Option<Nearest> {
    let mut best: Option<Nearest> = None;
    for line in tables::lines(SIZES, name) {
        let Some(row) = Row::read(line) else { continue };
        let Some(distance) = wanted.distance(&Tag::read(row.tag)) else { continue };
        if leave_out && distance.exact() {
            continue;
        }
        if best.as_ref().is_none_or(|other| distance < other.distance) {
            best = Some(Nearest { row, distance });
        }
    }
    best
}

/// Images of the official library whose variants stand on known bases: what their plain tags are built on.
const FAMILIES: &[(&str, &str)] = &[
    ("gcc", "buildpack-deps"),
    ("golang", "buildpack-deps:scm"),
    ("node", "buildpack-deps"),
    ("perl", "buildpack-deps"),
    ("python", "buildpack-deps"),
    ("ruby", "buildpack-deps"),
    ("rust", "buildpack-deps"),
];

/// The release that a plain tag of today stands on.
const PRESENT: &str = "bookworm";

/// What a variant of an image is built on: `slim` on debian's slim image, `alpine` on alpine, the plain one by the family.
fn ground(name: &str, tag: &Tag<'_>) -> Option<(u64, u64)> {
    let (_, plain) = FAMILIES.iter().find(|(family, _)| *family == name)?;
    let (base, tag) = match tag.variants.as_slice() {
        [] => {
            let (base, kind) = plain.split_once(':').unwrap_or((plain, ""));
            let suite = tag.suite.unwrap_or(PRESENT);
            (base, if kind.is_empty() { suite.to_string() } else { format!("{suite}-{kind}") })
        }
        ["slim"] => ("debian", format!("{}-slim", tag.suite.unwrap_or(PRESENT))),
        ["alpine"] => ("alpine", tag.suite.unwrap_or("latest").to_string()),
        _ => return None,
    };
    let found = nearest(base, &Tag::read(&tag), false)?;
    Some((found.row.bytes, found.row.compressed()))
}

/// The base of the wanted variant plus what the nearest sibling adds to its own.
fn sibling(name: &str, wanted: &Tag<'_>, leave_out: bool) -> Option<BaseSize> {
    let (base, base_compressed) = ground(name, wanted)?;
    let mut best: Option<(Distance, u64, u64, Row)> = None;
    for line in tables::lines(SIZES, name) {
        let Some(row) = Row::read(line) else { continue };
        let tag = Tag::read(row.tag);
        if leave_out && wanted.distance(&tag).is_some_and(|distance| distance.exact()) {
            continue;
        }
        let Some((own, own_compressed)) = ground(name, &tag) else { continue };
        let alike = Tag { version: wanted.version.clone(), variants: tag.variants.clone(), suite: tag.suite };
        let Some(distance) = alike.distance(&tag) else { continue };
        if best.as_ref().is_none_or(|(other, ..)| distance < *other) {
            let payload = row.bytes.saturating_sub(own);
            best = Some((distance, payload, row.compressed().saturating_sub(own_compressed), row));
        }
    }
    let (_, payload, payload_compressed, row) = best?;
    let bytes = base + payload;
    let size = Size { low: bytes / 4 * 3, likely: bytes, high: bytes / 4 * 5 };
    let cost = Cost { size, basis: Basis::Estimated };
    let compressed = base_compressed + payload_compressed;
    Some(BaseSize { cost, compressed, like: Some(row.tag.to_string()), asked: None })
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
        image(name, tag).map(|size| (size.cost.size.likely / 1_000_000, size.cost.basis))
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
