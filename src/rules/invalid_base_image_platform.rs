//! A base image that is not published for the platform that FROM asks for, as far as a lock file tells.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{full_name, platform, runs_on};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "invalid-base-image-platform",
    aliases: &["InvalidBaseImagePlatform"],
    summary: "a base image is not published for the platform that FROM names (needs a lock file)",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/invalid-base-image-platform.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let known = &cx.settings.size.locked;
    if known.is_empty() {
        return;
    }
    for stage in &cx.model.stages {
        let Some(wanted) = stage.platform.as_deref().and_then(platform) else { continue };
        let Some(image) = stage.image().and_then(|image| known.get(&full_name(&image.text))) else { continue };
        let Some(from) = cx.dockerfile.get(stage.from) else { continue };
        let (Some(flag), Body::From { image: written, .. }) = (from.flag("platform"), &from.body) else { continue };
        // The machine of another variant runs it; BuildKit pulls the nearest one.
        let same = |own: &String| machine(own) == machine(&wanted);
        if image.platforms.is_empty() || image.platforms.iter().any(same) {
            continue;
        }
        let nearest = runs_on(&wanted).into_iter().find(|near| image.platforms.contains(near));
        let (message, help) = match nearest {
            Some(near) => (
                format!("`{}` is not published for {wanted}; the one for {near} is taken", written.text),
                "name that platform, or a tag that is published for yours".to_string(),
            ),
            None => (
                format!("`{}` is not published for {wanted}", written.text),
                format!("it is for {}", image.platforms.join(", ")),
            ),
        };
        let told = format!("{help}, as the registry told on {}", image.date);
        out.push(Diagnostic::at(flag.span, message).help(told));
    }
}

/// System and processor without the variant.
fn machine(platform: &str) -> (&str, &str) {
    let mut parts = platform.split('/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
