//! A comment that switches a finding off.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Item;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "inline-ignore",
    aliases: &["DL1001"],
    summary: "a comment switches a finding off",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/inline-ignore.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for item in &cx.dockerfile.items {
        match item {
            Item::Comment(span) => check_comment(cx, *span, out),
            Item::Instruction(instruction) => {
                instruction.comments.iter().for_each(|span| check_comment(cx, *span, out))
            }
            _ => {}
        }
    }
}

/// One item may hold several lines.
fn check_comment(cx: &Context<'_>, span: Span, out: &mut Vec<Diagnostic>) {
    let mut at = span.start;
    for line in cx.source.slice(span).split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len()) as u32;
        at += line.len() as u32;
        let text = line.trim_start().trim_start_matches('#').trim();
        let words: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if ["hadolintignore=", "unladenignore=", "check=skip="].iter().any(|pragma| words.starts_with(pragma)) {
            out.push(
                Diagnostic::at(Span::new(start, start + line.trim().len() as u32), "a comment switches a finding off")
                    .help("fix what it hides, or ignore the rule in the configuration"),
            );
        }
    }
}
