//! Packages that pip installs without a version.

use super::support::pins::{Pins, has_version, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Manager, Package, PackageKind};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "pip-unpinned",
    aliases: &["DL3013"],
    summary: "pip installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/pip-unpinned.md"),
    check,
};

static PINS: Pins = Pins {
    managers: &[Manager::Pip],
    reading: packages,
    pinned,
    help: "write name==version, or install from a file of requirements with versions",
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}

/// `pipx install` reads its words as pip does; a constraint file has the versions.
fn packages(mut cmd: ShellCommand) -> Option<ShellCommand> {
    if cmd.name.text == "pipx" {
        cmd.name.text = "pip".to_string();
    }
    let constrained = cmd.args.iter().any(|arg| {
        matches!(arg.text.as_str(), "-c" | "--constraint" | "--constraints") || arg.text.starts_with("--constraint=")
    });
    only(cmd, &["install"]).filter(|_| !constrained)
}

/// A repository is pinned by what stands behind `@` in its path.
fn pinned(package: &Package) -> bool {
    let from_repository = ["git+", "hg+", "svn+", "bzr+"].iter().any(|scheme| package.name.starts_with(scheme));
    let path = package.name.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    if package.kind == PackageKind::Url && from_repository {
        return path.is_some_and(|(_, path)| path.split('#').next().unwrap_or(path).contains('@'));
    }
    has_version(package)
}
