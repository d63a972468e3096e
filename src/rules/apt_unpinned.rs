//! Packages that apt-get installs without a version.

use super::support::pins::{Pins, has_version, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "apt-unpinned",
    aliases: &["DL3008"],
    summary: "apt-get installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/apt-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Apt],
    reading: |cmd| only(cmd, &["install", "reinstall"]),
    pinned: has_version,
    help: "write name=version, or name=1.2.* for any patch of it",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}
