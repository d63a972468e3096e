//! An image without HEALTHCHECK.

use super::support::stages::last_in_chain;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "missing-healthcheck",
    aliases: &["DL3057"],
    summary: "an image has no HEALTHCHECK",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/missing-healthcheck.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| stage.ships) {
        let Some(from) = cx.dockerfile.get(stage.from).filter(|from| from.keyword == Keyword::From) else { continue };
        if last_in_chain(cx, stage, Keyword::Healthcheck).is_none() {
            out.push(
                Diagnostic::at(from.content, "the image has no HEALTHCHECK")
                    .help("say how to tell that the program works, or HEALTHCHECK NONE"),
            );
        }
    }
}
