//! sudo in a RUN.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "sudo-in-run",
    aliases: &["DL3004"],
    summary: "sudo in a build",
    category: Category::Security,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/sudo-in-run.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |_| {
        (
            "`sudo` hides which user runs this".to_string(),
            "use USER root before and USER again behind, and leave sudo out of the image",
        )
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.name.text == "sudo" || cmd.wrappers.iter().any(|word| word.text == "sudo")
}
