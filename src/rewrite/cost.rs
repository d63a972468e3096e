//! What the image weighs before and after: the bases from the table, the rest estimated.

use super::Tier;
use super::base::Choice;
use super::case::Case;
use crate::diagnostic::{Basis, Cost, Size};
use crate::model::{Manager, Stage, call};
use crate::size;

/// Compiler cache and module cache of a first build: 64 MB for the standard library alone (Go 1.21.13), 96 MB for a
/// small web server (Go 1.27.3), both measured on 2026-11-20; large programs fetch hundreds.
const CACHES: Size = Size { low: 64_000_000, likely: 100_000_000, high: 800_000_000 };
/// The program: 1.6 MB for a line of text, 5 to 7 MB for a web server, all measured; 60 MB for the clients of a cloud.
const PROGRAM: Size = Size { low: 1_500_000, likely: 8_000_000, high: 60_000_000 };
/// Sources and data of a working directory.
const TREE: Size = Size { low: 0, likely: 1_000_000, high: 100_000_000 };

pub(super) fn before(case: &Case<'_>) -> Option<Cost> {
    let base = size::reference(&case.stage.image()?.text)?;
    let installed = installed(case.stage);
    Some(Cost { size: base.size.plus(CACHES).plus(PROGRAM).plus(installed), basis: Basis::Estimated })
}

/// What apt installs in a stage; of other package managers no sizes are known.
pub(super) fn installed(stage: &Stage) -> Size {
    let mut names: Vec<&str> = Vec::new();
    let mut recommends = false;
    for step in &stage.steps {
        for install in step.installs.iter().filter(|install| install.manager == Manager::Apt) {
            names.extend(install.packages.iter().map(|package| package.name.as_str()));
            let cmd = step.script.as_ref().and_then(|script| script.commands.get(install.command));
            let call = cmd.and_then(call);
            recommends |= cmd.zip(call).is_some_and(|(cmd, call)| !call.is_lean(cmd));
        }
    }
    names.sort_unstable();
    names.dedup();
    size::apt_packages(&names, recommends)
}

/// `installed`: what the final stage installs.
pub(super) fn after(case: &Case<'_>, choice: &Choice, installed: Size) -> Option<Cost> {
    let prefix = case.options.stated.base_prefix.as_deref().unwrap_or("");
    let name = choice.base.strip_prefix(prefix).unwrap_or(&choice.base);
    // A base that is written with variables is the builder's own.
    let base = match size::reference(name) {
        Some(base) => base,
        None if name.contains('$') => size::reference(&case.stage.image()?.text)?,
        None => return None,
    };
    let size = base.size.plus(PROGRAM).plus(installed);
    let size = if choice.tier == Tier::SameDistroTree { size.plus(TREE) } else { size };
    Some(Cost { size, basis: Basis::Estimated })
}
