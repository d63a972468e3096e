//! The directories in which links are made again: the builder had them, and the final stage need not.

use super::effects::{Effect, Kind};
use super::layout::Parts;
use super::paths::{is_system_dir, within};
use super::placed::{is_build_place, is_rerun};
use super::reruns::{covered, install_text, lasts};
use crate::model::Step;

/// The directory in which the command makes a link again, where only the build has it at that place, and whether
/// commands fill it that are not repeated.
pub(super) fn lost_parent(
    parts: &Parts<'_, '_>,
    own: &[&Effect<'_>],
    step: &Step,
    effect: &Effect<'_>,
    copied: &[&str],
    same: bool,
) -> Option<(String, bool)> {
    let Kind::Write(paths) = &effect.kind else { return None };
    let start = effect.cmd.span.start;
    let before = || parts.effects.iter().filter(move |other| other.cmd.span.start < start);
    // Packages bring directories there, as long as they stay.
    let of_packages = |dir: &str| ["/etc", "/lib", "/usr", "/var"].iter().any(|place| within(dir, place));
    let stays = |other: &Effect<'_>| {
        matches!(other.kind, Kind::Install(_))
            && install_text(parts, other, &[], &[], None).as_deref() == Some(parts.case.source.slice(other.cmd.span))
    };
    let there = |dir: &str| {
        is_system_dir(dir)
            || same && step.workdir.as_deref().is_some_and(|workdir| within(workdir, dir))
            || of_packages(dir) && before().any(stays)
            || before().any(|other| match &other.kind {
                Kind::Make(paths) => paths.iter().any(|made| within(made, dir)) && lasts(parts, own, other, copied),
                Kind::Account => within(dir, "/home") || other.cmd.args.iter().any(|arg| arg.text == dir),
                _ => false,
            })
    };
    let golang = parts.ground.is_some_and(|ground| ground.toolchain_image);
    let filled = |dir: &str| {
        golang
            && before().any(|other| match &other.kind {
                Kind::Write(paths) => other.cmd.name.text != "ln" && paths.iter().any(|path| within(dir, path)),
                _ => false,
            })
    };
    let mut parents = paths.iter().map(|path| super::paths::parent(path));
    let dir = parents.find(|dir| effect.cmd.name.text == "ln" && !there(dir))?;
    Some((dir.to_string(), filled(dir)))
}

/// A link that is made again rests on the directory. The file had to make it, so that it counts for nothing that most
/// distributions have it: Alpine has no /lib64.
pub(super) fn holds_a_link(parts: &Parts<'_, '_>, effect: &Effect<'_>, dir: &str, copied: &[&str]) -> bool {
    let behind = parts.effects.iter().filter(|other| other.cmd.span.start > effect.cmd.span.start);
    dir != "/"
        && (is_system_dir(dir) || is_build_place(dir))
        && !covered(dir, copied)
        && behind.into_iter().any(|other| match &other.kind {
            Kind::Write(paths) => {
                let link = other.cmd.name.text == "ln" && is_rerun(other);
                link && paths.iter().any(|path| path != dir && within(path, dir) && !covered(path, copied))
            }
            _ => false,
        })
}
