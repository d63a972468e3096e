//! Several CMD, ENTRYPOINT or HEALTHCHECK in a stage.

use super::support::instructions::removed;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Instruction, Keyword};

pub static RULE: Rule = Rule {
    slug: "multiple-instructions-disallowed",
    aliases: &["MultipleInstructionsDisallowed"],
    summary: "a stage has several CMD, ENTRYPOINT or HEALTHCHECK: only the last counts",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/multiple-instructions-disallowed.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        for keyword in [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck] {
            let all: Vec<&Instruction> = stage
                .steps
                .iter()
                .filter_map(|step| cx.dockerfile.get(step.inst))
                .filter(|instruction| instruction.keyword == keyword)
                .collect();
            let Some((last, lost)) = all.split_last() else { continue };
            for instruction in lost {
                let name = instruction.name.text.to_ascii_uppercase();
                let found = Diagnostic::at(instruction.content, format!("this {name} counts for nothing"))
                    .label(last.content, format!("only the last {name} of a stage counts"))
                    .help("take it out");
                out.push(match removed(instruction) {
                    Some(edit) => found.fix(Applicability::Safe, format!("Take the {name} out"), vec![edit]),
                    None => found,
                });
            }
        }
    }
}
