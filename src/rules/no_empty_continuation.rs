//! An empty line inside a continued instruction.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "no-empty-continuation",
    aliases: &["NoEmptyContinuation"],
    summary: "an empty line stands inside an instruction",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Always,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/no-empty-continuation.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, instruction) in cx.dockerfile.instructions() {
        if instruction.pieces.is_empty() {
            continue;
        }
        let first = cx.source.line_of(instruction.content.start);
        let last = cx.source.line_of(instruction.args.end.max(instruction.content.start));
        let is_blank = |line: &usize| cx.source.slice(cx.source.line_span(*line)).trim().is_empty();
        let blank: Vec<Span> = (first + 1..last).filter(is_blank).map(|line| cx.source.line_span(line)).collect();
        let Some(span) = blank.first() else { continue };
        out.push(
            Diagnostic::at(instruction.content, "an empty line stands inside the instruction")
                .label(Span::at(span.start), "here")
                .help("take the empty line out: a later version of Docker will end the instruction there")
                .fix(Applicability::Safe, "Take the empty lines out", blank.into_iter().map(Edit::delete).collect()),
        );
    }
}
