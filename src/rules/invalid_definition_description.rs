//! A comment that is no description.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Instruction, Item};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "invalid-definition-description",
    aliases: &["InvalidDefinitionDescription"],
    summary: "the comment above a stage or ARG is no description of it",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/invalid-definition-description.md"),
    check,
};

/// Comments that another program reads, and that have to stay where they are.
const PRAGMAS: &[&str] = &[
    "check=",
    "check =",
    "checkov:",
    "dockerfile-utils",
    "dockerfile_lint",
    "hadolint ",
    "linter ",
    "renovate:",
    "syntax=",
    "escape=",
    "tally ",
    "trivy:",
    "unladen ",
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pair in cx.dockerfile.items.windows(2) {
        let [Item::Comment(comment), Item::Instruction(instruction)] = pair else { continue };
        let Some(name) = name(instruction) else { continue };
        // The last line is the one directly above.
        let text = cx.source.slice(*comment);
        let Some(line) = text.lines().next_back() else { continue };
        let start = comment.end - text.get(text.rfind(line).unwrap_or(0)..).map_or(0, str::len) as u32;
        let words = line.trim_start().trim_start_matches('#').trim();
        if words.is_empty()
            || words.split_whitespace().next() == Some(name)
            || PRAGMAS.iter().any(|start| words.starts_with(start))
        {
            continue;
        }
        let span = Span::new(start, start + line.trim_end().len() as u32);
        out.push(
            Diagnostic::at(instruction.content, format!("the comment above does not describe `{name}`"))
                .label(span, format!("a description begins with `{name}`"))
                .help("begin the comment with the name, or leave an empty line between")
                .fix(
                    Applicability::Unsafe,
                    "Leave an empty line between",
                    vec![Edit::insert(instruction.span.start, cx.source.line_ending())],
                ),
        );
    }
}

fn name(instruction: &Instruction) -> Option<&str> {
    match &instruction.body {
        Body::From { alias, .. } => alias.as_ref().map(|alias| alias.text.as_str()),
        Body::Arg(args) => match args.as_slice() {
            [arg] => Some(arg.key.text.as_str()),
            _ => None,
        },
        _ => None,
    }
}
