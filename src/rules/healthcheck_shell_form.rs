//! HEALTHCHECK in shell form.

use super::support::exec_form::exec_form;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Command};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "healthcheck-shell-form",
    aliases: &["DL3025"],
    summary: "HEALTHCHECK in shell form starts a shell every time",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/healthcheck-shell-form.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| !stage.windows) {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            let Body::HealthcheckCmd { command: Command::Shell(span), .. } = &instruction.body else { continue };
            if span.is_empty() {
                continue;
            }
            let found = Diagnostic::at(instruction.content, "the check starts a shell to start its program")
                .help("use the exec form where no shell is needed");
            out.push(match exec_form(cx, step, instruction) {
                Some(json) => found.fix(Applicability::Unsafe, "Use the exec form", vec![Edit::replace(*span, json)]),
                None => found,
            });
        }
    }
}
