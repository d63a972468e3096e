//! Which base images are of a release that has ended: rules/tables/end_of_life.tsv.

use crate::model::{canonical_name, tables};
use crate::syntax::ImageRef;

/// Releases that ended a year or more before the date of the table.
const TABLE: &str = include_str!("../../../rules/tables/end_of_life.tsv");

pub struct Ended {
    pub name: String,
    pub release: &'static str,
    pub day: &'static str,
}

/// `None`: the release is maintained, or not known.
pub fn of(image: &ImageRef) -> Option<Ended> {
    let tag = image.tag.as_ref()?.text.to_ascii_lowercase();
    let name = canonical_name(&image.name());
    let (release, day) = ended(&name, &tag)?;
    Some(Ended { name, release, day })
}

/// The release of the tag and the day on which it ended.
fn ended(name: &str, tag: &str) -> Option<(&'static str, &'static str)> {
    let first = tag.split('-').next().unwrap_or(tag);
    tables::lines(TABLE, name).find_map(|line| {
        let mut columns = line.split('\t').skip(1);
        let (release, ended) = (columns.next()?, columns.next()?);
        // `3.7` is the release of `3.7.2` and not of `3.70`.
        let rest = first.strip_prefix(release)?;
        (rest.is_empty() || rest.starts_with('.')).then_some((release, ended))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_the_release_that_it_begins_with() {
        for (name, tag, release) in [
            ("debian", "stretch-slim", Some("stretch")),
            ("debian", "9.5", Some("9")),
            ("debian", "bookworm", None),
            ("alpine", "3.7", Some("3.7")),
            ("alpine", "3.70", None),
            ("python", "2.7-alpine", Some("2.7")),
            ("node", "16", Some("16")),
            ("node", "lts", None),
            ("mcr.microsoft.com/dotnet/sdk", "6.0-alpine", Some("6")),
        ] {
            assert_eq!(ended(name, tag).map(|(release, _)| release), release, "{name}:{tag}");
        }
    }
}
