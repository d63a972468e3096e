//! A stage with a name that means something else.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "reserved-stage-name",
    aliases: &["ReservedStageName", "DL3063"],
    summary: "a stage is called scratch or context, which mean something else",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/reserved-stage-name.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for name in cx.model.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if ["scratch", "context"].iter().any(|reserved| name.text.eq_ignore_ascii_case(reserved)) {
            out.push(
                Diagnostic::at(name.span, format!("the stage name `{}` is reserved", name.text))
                    .help("`scratch` is the empty image and `context` the build context; choose another name"),
            );
        }
    }
}
