//! Several CMD, ENTRYPOINT or HEALTHCHECK in a stage.

use super::support::instructions::{removed, speaks_to_a_linter};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Instruction, Item, Keyword};
use crate::text::Span;

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
                let pragma = speaks_to_a_linter(cx.source.slice(above(cx, instruction)));
                out.push(match removed(instruction).filter(|_| !pragma) {
                    Some(edit) => found.fix(Applicability::Safe, format!("Take the {name} out"), vec![edit]),
                    None => found,
                });
            }
        }
    }
}

/// The comment lines that stand right above the instruction: one that is meant for it would hold for the next one.
fn above(cx: &Context<'_>, instruction: &Instruction) -> Span {
    let items = &cx.dockerfile.items;
    let at = items.partition_point(|item| item.span().start < instruction.span.start);
    let comments = items.get(..at).unwrap_or_default().iter().rev().take_while(|item| matches!(item, Item::Comment(_)));
    let start = comments.last().map_or(instruction.span.start, |item| item.span().start);
    Span::new(start, instruction.span.start)
}
