//! `cd` in a RUN.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "cd-in-run",
    aliases: &["DL3003"],
    summary: "cd instead of WORKDIR",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/cd-in-run.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |_| {
        ("`cd` counts for this RUN only".to_string(), "use WORKDIR where later instructions work there too")
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.name.text == "cd"
}
