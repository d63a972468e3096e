//! A Dockerfile keyword as a command of a RUN, or as a word of one.

use super::support::calls::{all_runs, once_per_run};
use super::support::instructions::{KEYWORDS, swallowed_keyword};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "instruction-in-run",
    aliases: &[],
    summary: "RUN starts a command called like an instruction",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/instruction-in-run.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |cmd| {
        (
            format!("`{}` is an instruction, not a command", cmd.name.text),
            "put it on a line of its own, or take the keyword away",
        )
    });
    swallowed(cx, out);
}

/// A backslash too many joins the next instruction to this one: its keyword begins a line, as a word of a command.
fn swallowed(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let Some(word) = swallowed_keyword(cx.source, run.instruction, run.script) else { continue };
        out.push(
            Diagnostic::at(word.span, format!("this {} belongs to the RUN above: a backslash joins them", word.text))
                .help("take away the backslash at the end of the RUN's last line"),
        );
    }
}

fn is_one(cmd: &ShellCommand) -> bool {
    KEYWORDS.contains(&cmd.name.text.as_str())
}
