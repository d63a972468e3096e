//! Packages that apk installs without a version.

use super::support::pins::{Pins, has_version, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "apk-unpinned",
    aliases: &["DL3018"],
    summary: "apk installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/apk-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Apk],
    reading: |cmd| only(cmd, &["add"]),
    pinned: has_version,
    help: "write name=version, or name~1.2 for any release of it",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}
