//! `ln` that replaces /bin/sh.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "sh-relinked",
    aliases: &["DL4005"],
    summary: "/bin/sh is replaced by a link",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/sh-relinked.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |_| {
        ("this changes the shell of every program in the image".to_string(), "use SHELL to choose the shell of RUN")
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.name.text == "ln" && cmd.args.iter().any(|arg| arg.text == "/bin/sh")
}
