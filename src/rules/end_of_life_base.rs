//! A base image whose release has ended.

use super::support::{ended, layers_ship};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
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

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        let Some(image) = stage.image() else { continue };
        let Some(ended::Ended { name, release, day }) = ended::of(image) else { continue };
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        out.push(
            Diagnostic::at(written.span, format!("{name} {release} has had no security updates since {day}"))
                .help("move to a release that is maintained"),
        );
    }
}
