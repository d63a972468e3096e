//! Packages that zypper installs without a version.

use super::support::pins::{Pins, has_version, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "zypper-unpinned",
    aliases: &["DL3037"],
    summary: "zypper installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/zypper-unpinned.md"),
    check,
};

static PINS: Pins =
    Pins { managers: &[Manager::Zypper], reading: packages, pinned: has_version, help: "write name=version" };

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}

fn packages(cmd: ShellCommand) -> Option<ShellCommand> {
    let pattern = ["-t", "--type"].iter().any(|flag| cmd.flag_value(flag).is_some_and(|kind| kind != "package"));
    only(cmd, &["install", "in"]).filter(|_| !pattern)
}
