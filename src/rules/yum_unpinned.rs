//! Packages that yum installs without a version.

use super::support::pins::{Pins, rpm, rpm_has_version};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "yum-unpinned",
    aliases: &["DL3033"],
    summary: "yum installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/yum-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Yum],
    reading: rpm,
    pinned: rpm_has_version,
    help: "write name-version, and the stream of a module as name:stream",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}
