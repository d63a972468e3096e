//! Two stages of the same name.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "duplicate-stage-name",
    aliases: &["DuplicateStageName", "DL3024"],
    summary: "two stages have the same name",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/duplicate-stage-name.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let names: Vec<_> = cx.model.stages.iter().filter_map(|stage| stage.name.as_ref()).collect();
    for (index, name) in names.iter().enumerate() {
        let same = names.iter().take(index).find(|other| other.text.eq_ignore_ascii_case(&name.text));
        if let Some(first) = same {
            out.push(
                Diagnostic::at(name.span, format!("another stage is called `{}` already", first.text))
                    .label(first.span, "the first one")
                    .help("give each stage a name of its own: `COPY --from` and `--target` take the last one"),
            );
        }
    }
}
