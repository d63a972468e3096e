//! A label that is not there.

use super::support::chain;
use super::support::labels::key;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::{Body, Keyword};

pub static RULE: Rule = Rule {
    slug: "missing-label",
    aliases: &["DL3049"],
    summary: "an image lacks a label of the schema",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/missing-label.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| stage.ships) {
        let Some(from) = cx.dockerfile.get(stage.from).filter(|from| from.keyword == Keyword::From) else { continue };
        let below = chain(cx, stage);
        let has = |name: &str| {
            let mut instructions = below.iter().flat_map(|stage| stage.instructions(cx.dockerfile));
            instructions.any(|(_, instruction)| match &instruction.body {
                Body::Label(pairs) => pairs.pairs.iter().any(|pair| key(pair) == name),
                _ => false,
            })
        };
        for name in cx.settings.options.label_schema.keys().filter(|name| !has(name)) {
            out.push(
                Diagnostic::at(from.content, format!("the image lacks the label `{name}`"))
                    .help("the label schema of the configuration asks for it"),
            );
        }
    }
}
