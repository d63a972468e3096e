//! Packages that npm installs without a version.

use super::support::pins::{Pins, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Manager, Package, PackageKind};

pub static RULE: Rule = Rule {
    slug: "npm-unpinned",
    aliases: &["DL3016"],
    summary: "npm installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/npm-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Npm, Manager::Yarn, Manager::Pnpm],
    // `yarn install` takes no names.
    reading: |cmd| match cmd.name.text.starts_with("yarn") {
        true => only(cmd, &["add"]),
        false => only(cmd, &["install", "i", "in", "ins", "inst", "add", "isntall"]),
    },
    pinned,
    help: "write name@version",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}

fn pinned(package: &Package) -> bool {
    let name = package.name.as_str();
    match package.kind {
        PackageKind::Url => name.contains('#') || (name.starts_with("http") && !name.ends_with(".git")),
        PackageKind::Named => package.version.is_some() || name.ends_with(".tar"),
        PackageKind::Path | PackageKind::Group => true,
    }
}
