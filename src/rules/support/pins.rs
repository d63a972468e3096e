//! Packages installed without a version: one check, driven by a description per package manager.

use super::calls::{all_runs, commands, install_of, resolved, unknown};
use super::chain;
use crate::diagnostic::Diagnostic;
use crate::model::{Manager, Package, PackageKind, Stage, StageId, variables};
use crate::rules::Context;
use crate::shell::ShellCommand;
use crate::syntax::Body;

/// What one package manager calls a version.
pub struct Pins {
    pub managers: &'static [Manager],
    /// The command as its manager's plain install; `None` when it installs no packages by name.
    pub reading: fn(ShellCommand) -> Option<ShellCommand>,
    /// The word needs no version, or has one.
    pub pinned: fn(&Package) -> bool,
    pub help: &'static str,
}

impl Pins {
    pub fn check(&self, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
        for run in all_runs(cx) {
            for cmd in commands(&run) {
                let Some(reading) = (self.reading)(resolved(&run, cmd)) else { continue };
                let Some(install) = install_of(&run, reading) else { continue };
                if !self.managers.contains(&install.manager) {
                    continue;
                }
                // A variable that is not known may well hold the version; one that only another stage sets does not.
                let known = install.packages.iter().filter(|package| {
                    package.literal || !unknown(&package.name) || set_elsewhere(cx, run.stage, &package.name)
                });
                let free: Vec<&Package> = known.filter(|package| !(self.pinned)(package)).collect();
                let Some(first) = free.first() else { continue };
                let names: Vec<&str> = free.iter().map(|package| package.name.as_str()).collect();
                out.push(Diagnostic::at(first.span, message(&names)).help(self.help));
            }
        }
    }
}

fn message(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len() {
        1 => format!("{shown} is installed in whatever version is newest"),
        2 | 3 => format!("{shown} are installed in whatever versions are newest"),
        more => format!("{shown} and {} more packages are installed in whatever versions are newest", more - 3),
    }
}

/// Every variable of the text is an ENV of another stage, and nothing that this one stands on has it. An ARG of that
/// name may be given to any stage.
fn set_elsewhere(cx: &Context<'_>, stage: &Stage, text: &str) -> bool {
    let env = |other: &Stage, name: &str| {
        other.instructions(cx.dockerfile).any(|(_, instruction)| match &instruction.body {
            Body::Env(pairs) => pairs.pairs.iter().any(|pair| pair.key.text == name),
            _ => false,
        })
    };
    let arg = |name: &str| {
        cx.dockerfile.instructions().any(|(_, instruction)| match &instruction.body {
            Body::Arg(pairs) => pairs.iter().any(|pair| pair.key.text == name),
            _ => false,
        })
    };
    let below: Vec<StageId> = chain(cx, stage).iter().map(|stage| stage.id).collect();
    let elsewhere = |name: &String| {
        let (mine, others): (Vec<_>, Vec<_>) = cx.model.stages.iter().partition(|other| below.contains(&other.id));
        !arg(name) && others.iter().any(|other| env(other, name)) && !mine.iter().any(|other| env(other, name))
    };
    let names = variables(text, cx.dockerfile.escape);
    !text.contains(['(', '`']) && !names.is_empty() && names.iter().all(elsewhere)
}

/// It has a version, or is a file or a group, which have none.
pub fn has_version(package: &Package) -> bool {
    // `reinstall "*"` is for what is there.
    package.version.is_some() || package.kind != PackageKind::Named || package.name == "*"
}

/// As it stands, for these subcommands alone.
pub fn only(cmd: ShellCommand, verbs: &[&str]) -> Option<ShellCommand> {
    let call = crate::model::call(&cmd)?;
    let verb = call.verb.and_then(|at| cmd.args.get(at))?;
    verbs.contains(&verb.text.as_str()).then_some(cmd)
}

/// `dnf module install x:1` as `dnf install x:1`; group installs have no versions.
pub fn rpm(mut cmd: ShellCommand) -> Option<ShellCommand> {
    let verb = crate::model::call(&cmd)?.verb?;
    if cmd.args.get(verb)?.text == "module" {
        cmd.args.remove(verb);
    }
    only(cmd, &["install", "in", "localinstall", "reinstall"])
}

/// As `has_version`; a module has its stream behind a colon.
pub fn rpm_has_version(package: &Package) -> bool {
    has_version(package) || package.name.contains(':')
}
