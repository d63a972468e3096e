//! A download piped into a shell.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "download-piped-to-shell",
    aliases: &[],
    summary: "a script from the net is run as it comes",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/download-piped-to-shell.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |cmd| {
        (
            format!("{} runs what comes down the pipe, whatever it is", cmd.name.text),
            "download to a file, check its sum, then run it",
        )
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.joiner == crate::shell::Joiner::Pipe
        && matches!(cmd.name.text.as_str(), "sh" | "bash" | "ash" | "dash" | "zsh")
        && !cmd.args.iter().any(|arg| arg.text == "-c")
}
