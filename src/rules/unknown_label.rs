//! A label that is not in the schema.

use super::support::labels::labels;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "unknown-label",
    aliases: &["DL3050"],
    summary: "a label is not in the schema",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/unknown-label.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let options = &cx.settings.options;
    if !options.strict_labels {
        return;
    }
    for (_, pairs) in labels(cx) {
        if let Some((name, pair)) = pairs.into_iter().find(|(name, _)| !options.label_schema.contains_key(*name)) {
            out.push(
                Diagnostic::at(pair.key.span, format!("the label `{name}` is not in the label schema"))
                    .help("take it out, or add it to label-schema in the configuration"),
            );
        }
    }
}
