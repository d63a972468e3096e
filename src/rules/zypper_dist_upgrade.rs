//! `zypper dist-upgrade` in a RUN.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "zypper-dist-upgrade",
    aliases: &["DL3035"],
    summary: "zypper dist-upgrade moves the whole system",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/zypper-dist-upgrade.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |_| {
        ("this replaces the system of the base image".to_string(), "take a newer base image instead")
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    cmd.name.text == "zypper"
        && (cmd.subcommand("dist-upgrade").is_some()
            || cmd.subcommand("dup").is_some()
            || cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "dist-upgrade" | "dup")))
}
