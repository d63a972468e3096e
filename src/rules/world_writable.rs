//! chmod that lets everybody write.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "world-writable",
    aliases: &[],
    summary: "files that every user may change",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/world-writable.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |_| {
        (
            "every user of the container may change these files".to_string(),
            "give them to the user that needs them: chown, or COPY --chown",
        )
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.name.text == "chmod"
        && cmd.args.iter().any(|arg| {
            matches!(arg.text.as_str(), "777" | "0777" | "a+rwx" | "ugo+rwx" | "a=rwx" | "a+w" | "o+w" | "666" | "0666")
        })
}
