//! A base image with the tag `latest`.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Base;
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "latest-base",
    aliases: &["DL3007"],
    summary: "a base image is tagged latest, so it means another image every few weeks",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/latest-base.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        let name = match &stage.base {
            Base::Image { reference } if reference.digest.is_none() => {
                let latest = reference.tag.as_ref().is_some_and(|tag| tag.text == "latest");
                latest.then_some(reference.text.as_str())
            }
            // The name is not known, but its tag is.
            Base::Unresolved(text) => text.ends_with(":latest").then_some(text.as_str()),
            _ => None,
        };
        if let Some(name) = name {
            out.push(
                Diagnostic::at(written.span, format!("`{name}` is a moving target"))
                    .help("name the release that you build for, as in `image:1.2`"),
            );
        }
    }
}
