//! RUN instructions that a final stage of the same distribution has to run again: packages, accounts, directories.

use super::effects::{Effect, Kind, can_be_split, run_time_packages};
use super::layout::Parts;
use super::packages;
use super::paths::{is_system_dir, within};
use super::placed::{is_build_place, is_rerun};
use super::refuse::refuse;
use super::render::Style;
use super::{Refusal, Tier};
use crate::model::{Install, Manager, Step, variables};
use crate::text::Span;

pub(super) enum Rerun {
    Nothing,
    /// The instruction as it stands.
    Whole,
    Text(String),
}

/// What of a RUN the final stage repeats. `copied` are the paths that come from the builder as they are.
pub(super) fn text(parts: &Parts<'_, '_>, step: &Step, copied: &[&str], style: &Style) -> Result<Rerun, Refusal> {
    let own: Vec<&Effect<'_>> = parts.effects.iter().filter(|effect| effect.inst == step.inst).collect();
    let removed: Vec<&str> = own
        .iter()
        .filter_map(|effect| match &effect.kind {
            Kind::Remove(names) => Some(names.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    let mut pieces: Vec<String> = Vec::new();
    let mut changed = false;
    let mut installs: Option<Manager> = None;
    let mut updates = false;
    let mut first_install: Option<usize> = None;
    for effect in &own {
        let as_written = || parts.case.source.slice(effect.cmd.span).to_string();
        match &effect.kind {
            Kind::Nothing | Kind::Remove(_) | Kind::TrustStore | Kind::Capabilities => changed |= !is_quiet(effect),
            Kind::Build => changed = true,
            Kind::PackageNoise => pieces.push(as_written()),
            Kind::Install(install) if has_unknown_packages(install, step) => {
                return Err(unclassified(effect.cmd.span, "the packages are named by a shell variable"));
            }
            Kind::Install(install) => match install_text(parts, effect, &removed) {
                None => {
                    changed = true;
                }
                Some((text, same)) => {
                    installs = Some(install.manager);
                    changed |= !same;
                    first_install.get_or_insert(pieces.len());
                    pieces.push(text);
                }
            },
            Kind::Account => pieces.push(as_written()),
            Kind::Make(paths) => {
                let outside =
                    paths.iter().any(|path| !is_system_dir(path) && !covered(path, copied) && !is_build_place(path));
                if outside && !paths.iter().any(|path| covered(path, copied)) {
                    pieces.push(as_written());
                } else {
                    changed = true;
                }
            }
            Kind::Own(_, paths) | Kind::Mode(paths) => {
                if paths.iter().all(|path| !covered(path, copied) && made_here(&own, path)) && !paths.is_empty() {
                    pieces.push(as_written());
                } else {
                    changed = true;
                }
            }
            Kind::Write(_) if is_rerun(effect) => pieces.push(as_written()),
            Kind::Write(_) => changed = true,
            Kind::Unknown(reason) => {
                // With every need known, what nobody asks for may stay behind.
                if !parts.needs.is_complete() {
                    return Err(unclassified(effect.cmd.span, reason));
                }
                changed = true;
            }
        }
        updates |= matches!(effect.kind, Kind::PackageNoise) && effect.cmd.args.iter().any(|arg| arg.text == "update");
    }
    let significant = own.iter().any(|effect| match &effect.kind {
        Kind::Account => true,
        Kind::Write(_) => is_rerun(effect),
        Kind::Make(paths) => paths.iter().any(|path| {
            !is_system_dir(path) && !covered(path, copied) && !is_build_place(path) && *path != parts.case.workdir
        }),
        _ => false,
    });
    if installs.is_none() && !significant {
        return Ok(Rerun::Nothing);
    }
    let needs_update = matches!(installs, Some(Manager::Apt)) && !updates;
    if !changed && !needs_update {
        return Ok(Rerun::Whole);
    }
    if !can_be_split(&own) {
        let span = own.first().map_or(Span::default(), |effect| effect.cmd.span);
        return Err(unclassified(
            span,
            "it mixes building with setting up the image, in a script that cannot be split",
        ));
    }
    if installs.is_none() {
        // Cleaning up after an install that is gone.
        let noise: Vec<String> = own
            .iter()
            .filter(|effect| matches!(effect.kind, Kind::PackageNoise))
            .map(|effect| parts.case.source.slice(effect.cmd.span).to_string())
            .collect();
        pieces.retain(|piece| !noise.contains(piece));
    }
    if pieces.is_empty() {
        return Ok(Rerun::Nothing);
    }
    if needs_update {
        // Behind what the RUN changes of the package sources.
        pieces.insert(first_install.unwrap_or_default().min(pieces.len()), "apt-get update".into());
        pieces.push("rm -rf /var/lib/apt/lists/*".into());
    }
    let keyword = parts.case.file.get(step.inst).map_or("RUN", |inst| inst.name.text.as_str());
    let between = format!(" {}{}    && ", style.escape, style.eol);
    Ok(Rerun::Text(format!("{keyword} {}", pieces.join(&between))))
}

/// A package whose name is a variable that only the script of this RUN knows.
fn has_unknown_packages(install: &Install, step: &Step) -> bool {
    install.packages.iter().any(|package| {
        let names = variables(&package.name, '\\');
        !package.literal && names.iter().any(|name| step.env.get(name).is_none())
    })
}

fn unclassified(span: Span, reason: &str) -> Refusal {
    refuse(
        "unclassified-run",
        span,
        format!("whether the image needs this when it runs is not known: {reason}"),
        "give the build context with --context, or name what the program reads: --runtime-file PATH (rewrite: \
         {runtime-files: [PATH]})",
    )
}

/// Commands without any trace that need not be repeated but do no harm: `set -ex`, `cd`.
fn is_quiet(effect: &Effect<'_>) -> bool {
    matches!(effect.kind, Kind::Nothing) && matches!(effect.cmd.name.text.as_str(), "set" | "")
}

fn covered(path: &str, copied: &[&str]) -> bool {
    copied.iter().any(|copy| within(path, copy))
}

/// The path is of the distribution, or made in the same RUN.
fn made_here(own: &[&Effect<'_>], path: &str) -> bool {
    is_system_dir(path)
        || path.starts_with("/home/")
        || own.iter().any(|effect| match &effect.kind {
            Kind::Make(paths) => paths.iter().any(|made| within(path, made)),
            _ => false,
        })
}

/// The install without what only builds; `None` when nothing is left. The flag says that nothing was left out.
fn install_text(parts: &Parts<'_, '_>, effect: &Effect<'_>, removed: &[&str]) -> Option<(String, bool)> {
    let Kind::Install(install) = &effect.kind else { return None };
    let virtual_name = effect.cmd.flag_value("--virtual").or_else(|| effect.cmd.flag_value("-t"));
    if virtual_name.is_some_and(|name| removed.contains(&name.as_str())) {
        return None;
    }
    let mut kept = run_time_packages(install, parts.pure, parts.ground, starts_others(parts));
    kept.retain(|(name, _)| !removed.contains(&name.as_str()));
    if is_closed(parts) && !starts_installed(parts) {
        // Everything that the program wants is known: only that stays.
        kept.retain(|(name, _)| packages::is_data(name) || wanted(parts, name));
    }
    if kept.is_empty() {
        return None;
    }
    let source = parts.case.source;
    if kept.len() == install.packages.len()
        && kept.iter().zip(&install.packages).all(|((name, _), package)| *name == package.name)
    {
        return Some((source.slice(effect.cmd.span).to_string(), true));
    }
    // Words that stay, with what stands between them and the word before.
    let mut text = String::new();
    let mut at = effect.cmd.span.start;
    let mut previous_end = effect.cmd.name.span.end;
    for arg in &effect.cmd.args {
        let package = install.packages.iter().find(|package| package.span == arg.span);
        let end = arg.span.end;
        if let Some(package) = package {
            match kept.iter().find(|(_, span)| *span == package.span) {
                None => {
                    text.push_str(source.slice(Span::new(at, previous_end)));
                    at = end;
                }
                Some((name, _)) if *name != package.name => {
                    text.push_str(source.slice(Span::new(at, arg.span.start)));
                    text.push_str(name);
                    at = end;
                }
                Some(_) => {}
            }
        }
        previous_end = end;
    }
    text.push_str(source.slice(Span::new(at.min(effect.cmd.span.end), effect.cmd.span.end)));
    Some((text, false))
}

/// A program that an installed package brings may start those of the others: git starts ssh, ImageMagick ghostscript.
fn starts_installed(parts: &Parts<'_, '_>) -> bool {
    let installed = |name: &str| {
        parts.effects.iter().any(|effect| match &effect.kind {
            Kind::Install(install) => {
                let program = |package: &str| package == name || package.starts_with(&format!("{name}-"));
                let provided = packages::provider(name, parts.ground.is_some_and(super::releases::Ground::alpine));
                install.packages.iter().any(|package| {
                    program(&package.name) || matches!(&provided, packages::Provided::By(by) if *by == package.name)
                })
            }
            _ => false,
        })
    };
    let plain = |name: &str| super::needs::PLAIN_PROGRAMS.contains(&name) || packages::is_of_every_base(name);
    parts.needs.programs.iter().any(|(name, _)| !plain(name) && installed(name))
}

/// What mostly builds stays too: it is started, or may be.
fn starts_others(parts: &Parts<'_, '_>) -> bool {
    !parts.needs.program_gaps.is_empty() || parts.needs.programs.iter().any(|(name, _)| packages::may_be_started(name))
}

/// Everything that the program reads and starts is known, and of each program, where it comes from.
fn is_closed(parts: &Parts<'_, '_>) -> bool {
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    let known = |name: &str| {
        packages::provider(name, alpine) != packages::Provided::Unknown
            || super::needs::shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name)
            || installs(parts, name)
            || super::layout::fetches(parts, name)
    };
    parts.needs.is_complete() && parts.pure && parts.needs.programs.iter().all(|(name, _)| known(name))
}

/// The file installs a package of that very name.
pub(super) fn installs(parts: &Parts<'_, '_>, name: &str) -> bool {
    parts.choice.tier <= Tier::SameDistro
        && !packages::builds_only(name)
        && parts.effects.iter().any(|effect| match &effect.kind {
            Kind::Install(install) => install.packages.iter().any(|package| package.name == name),
            _ => false,
        })
}

fn wanted(parts: &Parts<'_, '_>, package: &str) -> bool {
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    parts.needs.programs.iter().any(|(program, _)| {
        let provided = packages::provider(program, alpine);
        program == package || matches!(provided, packages::Provided::By(name) if name == package)
    }) || parts.choice.packages.iter().any(|name| name == package)
}

/// A RUN of our own for programs that the old base brought and the new one lacks.
pub(super) fn install(parts: &Parts<'_, '_>, style: &Style) -> Option<String> {
    let open = starts_others(parts);
    let already: Vec<&str> = parts
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            Kind::Install(install) => Some(install.packages.iter().map(|package| package.name.as_str())),
            _ => None,
        })
        .flatten()
        .filter(|name| !packages::builds_only(name) || (open && packages::may_be_started(name)))
        .collect();
    let missing: Vec<&str> =
        parts.choice.packages.iter().map(String::as_str).filter(|name| !already.contains(name)).collect();
    if missing.is_empty() {
        return None;
    }
    let names = missing.join(" ");
    let run = style.keyword("RUN");
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    let between = format!(" {}{}    && ", style.escape, style.eol);
    Some(if alpine {
        format!("{run} apk add --no-cache {names}")
    } else {
        [
            format!("{run} apt-get update"),
            format!("apt-get install -y --no-install-recommends {names}"),
            "rm -rf /var/lib/apt/lists/*".into(),
        ]
        .join(&between)
    })
}
