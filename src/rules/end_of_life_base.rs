//! A base image whose release has ended.

use super::support::layers_ship;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{canonical_name, tables};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "end-of-life-base",
    aliases: &[],
    summary: "a base image is of a release that gets no security updates any more",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/end-of-life-base.md"),
    check,
};

/// Releases that ended a year or more before the date of the table.
const TABLE: &str = include_str!("../../rules/tables/end_of_life.tsv");

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        let Some(image) = stage.image() else { continue };
        let Some(tag) = image.tag.as_ref().map(|tag| tag.text.to_ascii_lowercase()) else { continue };
        let name = canonical_name(&image.name());
        let Some((release, ended)) = ended(&name, &tag) else { continue };
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        out.push(
            Diagnostic::at(written.span, format!("{name} {release} has had no security updates since {ended}"))
                .help("move to a release that is maintained"),
        );
    }
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
