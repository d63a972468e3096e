//! An empty label.

use super::support::instructions::steps;
use super::support::instructions::value;
use super::support::labels::key;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "empty-label",
    aliases: &["DL3051"],
    summary: "a label of the schema is empty",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/empty-label.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let Body::Label(pairs) = &instruction.body else { continue };
        for pair in &pairs.pairs {
            let empty =
                pair.value.as_ref().is_none_or(|word| value(cx, &step.env, word).is_some_and(|text| text.is_empty()));
            if empty && cx.settings.options.label_schema.contains_key(key(pair)) {
                out.push(
                    Diagnostic::at(pair.span, format!("the label `{}` is empty", key(pair)))
                        .help("give it a value, or leave it out of the label schema"),
                );
            }
        }
    }
}
