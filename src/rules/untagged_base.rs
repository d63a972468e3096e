//! A base image without tag or digest.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::Profile;
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "untagged-base",
    aliases: &["DL3006"],
    summary: "a base image has no tag, so it means another image every few weeks",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/untagged-base.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let Some(image) = stage.image() else { continue };
        if image.tag.is_some() || image.digest.is_some() || image.repository.text.is_empty() {
            continue;
        }
        // Who asks for hadolint's rules gets what it reports.
        if names_release(image.repository.text.as_str()) && cx.settings.profile != Profile::Hadolint {
            continue;
        }
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        let found = Diagnostic::at(written.span, format!("`{}` has no tag, so it means `latest`", image.text))
            .help("name the release that you build for, as in `image:1.2`");
        out.push(found);
    }
}

/// The repository says which release it is: distroless/static-debian12, ubi9, ubi8/openjdk-17.
fn names_release(name: &str) -> bool {
    let distroless =
        name.contains("distroless/") && name.rsplit_once("-debian").is_some_and(|(_, release)| !release.is_empty());
    let ubi = |part: &str| part.strip_prefix("ubi").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    distroless || name.split('/').any(ubi)
}
