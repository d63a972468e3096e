//! Packages that go installs without a version.

use super::support::pins::{Pins, only};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Manager, Package, PackageKind};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "go-unpinned",
    aliases: &["DL3062"],
    summary: "go installs packages without a version",
    category: Category::Reproducibility,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/go-unpinned.md"),
    check,
};

static PINS: Pins = Pins { managers: &[Manager::Go], reading: packages, pinned, help: "write path@v1.2.3" };

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    PINS.check(cx, out);
}

/// Of `go run` the first word is the package and the rest is for the program.
fn packages(mut cmd: ShellCommand) -> Option<ShellCommand> {
    let call = crate::model::call(&cmd)?;
    let verb = call.verb?;
    let got = cmd.args.get(verb)?.text == "get";
    if cmd.args.get(verb)?.text == "run" {
        let package = *call.operands(&cmd).first()?;
        let package = package.clone();
        let mut name = cmd.args.get(verb)?.clone();
        name.text = "install".to_string();
        cmd.args = vec![name, package];
    }
    // A first part without a dot is the standard library or the own module.
    cmd.args.retain(|arg| {
        let first = arg.text.split(['/', '@']).next().unwrap_or("");
        got || arg.text.contains('@') || arg.text == "install" || arg.text.starts_with('-') || first.contains('.')
    });
    only(cmd, &["install", "get"])
}

fn pinned(package: &Package) -> bool {
    let version = package.version.as_deref();
    let floats = matches!(version, None | Some("latest" | "none" | "upgrade" | "patch"));
    package.kind != PackageKind::Named || !floats || package.name.ends_with(".go") || package.name.contains('$')
}
