//! A stage that no other stage uses and that is not the last.

use super::support::from_span;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "unreachable-stage",
    aliases: &[],
    summary: "a stage is not the last one, and no other stage uses it",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/unreachable-stage.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let last = cx.model.stages.last().map(|stage| stage.id);
    for stage in &cx.model.stages {
        let used = !stage.children.is_empty() || !stage.used_by.is_empty();
        if used || Some(stage.id) == last || Some(stage.id) == cx.model.target {
            continue;
        }
        let (what, help) = match &stage.name {
            Some(name) => (
                format!("nothing uses the stage `{}`", name.text),
                format!("leave it out, unless somebody builds it with --target {}", name.text),
            ),
            None => {
                ("nothing uses this stage, and it has no name".to_string(), "leave it out, or give it a name".into())
            }
        };
        out.push(Diagnostic::at(from_span(cx, stage), what).help(help));
    }
}
