//! A Dockerfile keyword as a command of a RUN.

use super::support::calls::once_per_run;
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
}

fn is_one(cmd: &ShellCommand) -> bool {
    KEYWORDS.contains(&cmd.name.text.as_str())
}

const KEYWORDS: &[&str] =
    &["RUN", "COPY", "ADD", "ENV", "WORKDIR", "FROM", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "LABEL"];
