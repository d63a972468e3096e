//! COPY from the stage that it stands in.

use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "copy-from-own-stage",
    aliases: &["DL3023"],
    summary: "COPY --from names the stage that it stands in",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/copy-from-own-stage.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let (Body::Copy(_), Some(name)) = (&instruction.body, &stage.name) else { continue };
        let Some(from) = instruction.flag("from").and_then(|flag| flag.value.as_ref()) else { continue };
        let same = value(cx, &step.env, from).is_some_and(|from| from.eq_ignore_ascii_case(&name.text));
        // An earlier stage of the same name is what BuildKit takes.
        let earlier = cx.model.stages.iter().take(stage.id.0).filter_map(|other| other.name.as_ref());
        if same && !earlier.clone().any(|other| other.text.eq_ignore_ascii_case(&name.text)) {
            out.push(
                Diagnostic::at(from.span, format!("`{}` is the stage itself", from.text))
                    .label(name.span, "begins here")
                    .help("copy from an earlier stage, or use RUN cp"),
            );
        }
    }
}
