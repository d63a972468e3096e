//! Commands for a running host in a RUN.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "host-command",
    aliases: &["DL3001"],
    summary: "a command that makes no sense while an image is built",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/host-command.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |cmd| {
        (
            format!("`{}` is for a running host", cmd.name.text),
            "what it changes is gone with the RUN; do it when the container starts",
        )
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    matches!(cmd.name.text.as_str(), "free" | "kill" | "mount" | "ps" | "service" | "shutdown" | "ssh" | "top" | "vim")
}
