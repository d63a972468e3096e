//! A base image with the tag `latest`.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "latest-base",
    aliases: &["DL3007"],
    summary: "a base image is tagged latest, so it means another image every few weeks",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/latest-base.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let Some(image) = stage.image() else { continue };
        let latest = image.tag.as_ref().is_some_and(|tag| tag.text == "latest");
        if !latest || image.digest.is_some() {
            continue;
        }
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        let found = Diagnostic::at(written.span, format!("`{}` is a moving target", image.text))
            .help("name the release that you build for, as in `image:1.2`");
        out.push(found);
    }
}
