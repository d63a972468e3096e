//! Packages that gem installs without a version.

use super::support::pins::{Pins, has_version, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "gem-unpinned",
    aliases: &["DL3028"],
    summary: "gem installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/gem-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Gem],
    reading: packages,
    pinned: has_version,
    help: "write name:version, or give the version with -v",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}

/// What stands behind `--` is for the build of the gem.
fn packages(mut cmd: ShellCommand) -> Option<ShellCommand> {
    let end = cmd.args.iter().position(|arg| arg.text == "--").unwrap_or(cmd.args.len());
    cmd.args.truncate(end);
    only(cmd, &["install", "i"])
}
