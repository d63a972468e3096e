//! An image from a registry that is not trusted.

use super::support::instructions::steps;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Base, Source};
use crate::syntax::{Body, ImageRef};
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "untrusted-registry",
    aliases: &["DL3026"],
    summary: "an image comes from a registry that is not on the list",
    category: Category::Security,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/untrusted-registry.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let trusted = &cx.settings.options.trusted_registries;
    if trusted.is_empty() {
        return;
    }
    let mut images: Vec<(Span, &ImageRef)> = Vec::new();
    for stage in &cx.model.stages {
        let written = cx.dockerfile.get(stage.from).map(|from| &from.body);
        if let (Base::Image { reference }, Some(Body::From { image, .. })) = (&stage.base, written) {
            images.push((image.span, reference));
        }
    }
    for (_, step, instruction) in steps(cx) {
        if let (Some(Source::Image(image)), Some(flag)) =
            (step.copied.as_ref().map(|copied| &copied.from), instruction.flag("from"))
        {
            images.push((flag.span, image));
        }
        let flags = instruction.flags.iter().filter(|flag| flag.name.text == "mount");
        for (mount, flag) in step.mounts.iter().zip(flags) {
            if let Source::Image(image) = &mount.from {
                images.push((flag.span, image));
            }
        }
    }
    for (span, image) in images {
        let registry = image.registry.as_ref().map_or("docker.io", |registry| registry.text.as_str());
        if !trusted.iter().any(|pattern| allows(pattern, registry)) {
            out.push(
                Diagnostic::at(span, format!("the registry `{registry}` is not one of those that are trusted"))
                    .help(format!("the configuration trusts {}", trusted.join(", "))),
            );
        }
    }
}

fn allows(pattern: &str, registry: &str) -> bool {
    let hub = |name: &str| matches!(name, "docker.io" | "hub.docker.com" | "index.docker.io");
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(end), _) => registry.ends_with(end),
        (_, Some(start)) => registry.starts_with(start),
        _ => pattern == registry || (hub(pattern) && hub(registry)),
    }
}
