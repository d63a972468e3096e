//! RUN instructions that a final stage of the same distribution has to run again: packages, accounts, directories.

use super::case::Case;
use super::chain::{self, can_be_split, run_time_packages};
use super::effects::{Effect, Kind, absolute};
use super::layout::Parts;
use super::packages;
use super::parents;
use super::paths::{is_system_dir, within};
use super::placed::{is_build_place, is_rerun};
use super::refuse::refuse;
use super::render::Style;
use super::{Refusal, Tier};
use crate::model::{Install, Manager, PackageKind, Step, variables};
use crate::shell::{Joiner, ShellWord};
use crate::syntax::{Body, Command, Flag};
use crate::text::Span;

pub(super) enum Rerun {
    Nothing,
    /// The instruction as it stands.
    Whole,
    Text(String),
}

/// One command of a RUN that is run again.
struct Piece {
    /// Its place among the commands of the RUN.
    at: usize,
    text: String,
    /// Only belongs to an install beside it.
    noise: bool,
}

/// What of a RUN the final stage repeats. `copied` are the paths that come from the builder as they are; `same` says that
/// the working directory is the one that the RUN has in the file.
pub(super) fn text(
    parts: &Parts<'_, '_>,
    step: &Step,
    copied: &[&str],
    same: bool,
    style: &Style,
) -> Result<Rerun, Refusal> {
    let case = parts.case;
    let own: Vec<&Effect<'_>> = parts.effects.iter().filter(|effect| effect.inst == step.inst).collect();
    // What is repeated for its own sake; everything else only for one of these, or for a package.
    let lasting: Vec<&Effect<'_>> = own.iter().copied().filter(|effect| lasts(parts, &own, effect, copied)).collect();
    let last = lasting.last().map_or(0, |effect| effect.cmd.span.start);
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);

    let mut pieces: Vec<Piece> = Vec::new();
    let mut changed = false;
    let mut installs: Option<Manager> = None;
    let mut updates = false;
    // Packages that are there only while the RUN needs them.
    let mut passing: Vec<String> = Vec::new();
    for (at, effect) in own.iter().copied().enumerate() {
        let as_written = || case.source.slice(effect.cmd.span).to_string();
        let mut noise = false;
        let piece = match &effect.kind {
            // The name that it gets is carried as a file.
            Kind::Write(_) if !taken_away(parts, effect).is_empty() => {
                Some(format!("rm -rf {}", taken_away(parts, effect).join(" ")))
            }
            Kind::PackageNoise if !taken_away(parts, effect).is_empty() => Some(spelled(parts, effect, same)?),
            Kind::Nothing if effect.cmd.name.text == "umask" && effect.cmd.span.start < last => Some(as_written()),
            Kind::Nothing | Kind::TrustStore | Kind::Capabilities => {
                changed |= !is_quiet(effect);
                None
            }
            Kind::Build => None,
            Kind::Remove(names) => {
                let again = |word: &str| passing.iter().any(|name| name == word);
                names
                    .iter()
                    .any(|name| again(name))
                    .then(|| chain::without(case, effect.cmd, &|word| names.contains(&word.text) && !again(&word.text)))
            }
            Kind::PackageNoise if chain::clears(case, effect, &lasting) => Some(spelled(parts, effect, same)?),
            Kind::PackageNoise => {
                noise = true;
                chain::is_cleaning(effect.cmd).then(as_written)
            }
            Kind::Install(install) if has_unknown_packages(install, step) => {
                return Err(unclassified(case, effect.cmd.span, "the packages are named by a shell variable"));
            }
            Kind::Install(install) => {
                let behind = own.iter().skip(at + 1);
                let removed: Vec<&str> = behind
                    .filter_map(|effect| match &effect.kind {
                        Kind::Remove(names) => Some(names.iter().map(String::as_str)),
                        _ => None,
                    })
                    .flatten()
                    .collect();
                let used = lasting.iter().filter(|effect| effect.cmd.span.start > own_start(&own, at));
                let used: Vec<String> = used.flat_map(|effect| chain::packages(case, effect, alpine)).collect();
                let group = effect.cmd.flag_value("--virtual").or_else(|| effect.cmd.flag_value("-t"));
                let text = install_text(parts, effect, &removed, &used, group.as_deref());
                let file = install.packages.iter().find(|package| package.kind == PackageKind::Path);
                if let (Some(text), Some(file)) = (&text, file)
                    && text.contains(&file.name)
                {
                    let what = format!("it installs the file {}, which only the builder has", file.name);
                    return Err(unclassified(case, effect.cmd.span, &what));
                }
                if text.is_some() {
                    installs = Some(install.manager);
                    let names = install.packages.iter().map(|package| package.name.clone()).chain(group);
                    passing.extend(names.filter(|name| removed.contains(&name.as_str())));
                    passing.retain(|name| used.contains(name) || !install.packages.iter().any(|own| own.name == *name));
                }
                text
            }
            Kind::Make(paths) if lasting.iter().any(|lasting| std::ptr::eq(*lasting, effect)) => {
                let inside = |word: &ShellWord| {
                    let path = absolute(case, effect.step, effect.cmd, &word.text);
                    path.is_some_and(|path| paths.contains(&path) && covered(&path, copied))
                };
                if effect.cmd.args.iter().any(inside) {
                    Some(chain::without(case, effect.cmd, &inside))
                } else {
                    Some(spelled(parts, effect, same)?)
                }
            }
            Kind::Account | Kind::Own(..) | Kind::Mode(_) | Kind::Write(_)
                if lasting.iter().any(|lasting| std::ptr::eq(*lasting, effect)) =>
            {
                Some(spelled(parts, effect, same)?)
            }
            Kind::Write(paths) if paths.iter().any(|path| path == "/etc/localtime") => {
                return Err(unclassified(case, effect.cmd.span, "it makes /etc/localtime from a file of the build"));
            }
            Kind::Write(paths) if paths.iter().any(|path| super::placed::is_account_file(path)) => {
                return Err(unclassified(case, effect.cmd.span, "it makes accounts in a way that is not followed"));
            }
            Kind::Make(_) | Kind::Account | Kind::Own(..) | Kind::Mode(_) | Kind::Write(_) => None,
            Kind::Unknown(_) | Kind::Unpack(_) => {
                // With every need known, what nobody asks for may stay behind.
                if !parts.needs.is_complete() {
                    let reason = match &effect.kind {
                        Kind::Unpack(dir) => format!("an archive is unpacked into {dir}"),
                        Kind::Unknown(reason) => reason.clone(),
                        _ => String::new(),
                    };
                    return Err(unclassified(case, effect.cmd.span, &reason));
                }
                None
            }
        };
        updates |= matches!(effect.kind, Kind::PackageNoise) && effect.cmd.args.iter().any(|arg| arg.text == "update");
        match piece {
            Some(text) => {
                changed |= text != as_written();
                pieces.push(Piece { at, text, noise });
            }
            None => changed |= !matches!(effect.kind, Kind::Nothing | Kind::TrustStore | Kind::Capabilities),
        }
    }
    if installs.is_none() {
        // Cleaning up after an install that is gone.
        changed |= pieces.iter().any(|piece| piece.noise);
        pieces.retain(|piece| !piece.noise);
    }
    if pieces.is_empty() || (installs.is_none() && !lasting.iter().any(|effect| is_significant(parts, effect, copied)))
    {
        return Ok(Rerun::Nothing);
    }
    let mut parents: Vec<String> = Vec::new();
    for piece in &mut pieces {
        if let Some(effect) = own.get(piece.at) {
            chain::check(case, effect)?;
            if let Some(path) = super::accounts::changed_defaults(parts, effect) {
                let what = format!("it makes an account by what the file puts into {path}");
                return Err(unclassified(case, effect.cmd.span, &what));
            }
            if let Some((dir, filled)) = parents::lost_parent(parts, &own, step, effect, copied, same) {
                if filled || dir.contains(|letter: char| !(letter.is_ascii_alphanumeric() || "/._-".contains(letter))) {
                    let what = format!("it makes a link in {dir}, which the final stage has not at that place");
                    return Err(unclassified(case, effect.cmd.span, &what));
                }
                if !parents.contains(&dir) {
                    piece.text = format!("mkdir -p {dir} && {}", piece.text);
                    changed = true;
                    parents.push(dir);
                }
            }
        }
    }
    if let Some(name) = super::accounts::unmade(parts, step, &pieces.iter().map(|piece| piece.at).collect::<Vec<_>>()) {
        let what = format!("it names {name}, an account that neither the file nor the base makes");
        return Err(unclassified(case, own.first().map_or(Span::default(), |effect| effect.cmd.span), &what));
    }
    if let Some(user) = other_user(case, step) {
        let span = own.first().map_or(Span::default(), |effect| effect.cmd.span);
        return Err(unclassified(case, span, &format!("it runs as {user}, and the final stage would run it as root")));
    }
    let needs_update = matches!(installs, Some(Manager::Apt)) && !updates;
    if !changed && !needs_update {
        return Ok(Rerun::Whole);
    }
    if matches!(case.file.get(step.inst).and_then(|inst| inst.command()), Some(Command::Exec { .. })) {
        // Its words are JSON, so no part of it stands for itself.
        let span = own.first().map_or(Span::default(), |effect| effect.cmd.span);
        return match needs_update {
            false => Ok(Rerun::Whole),
            true => Err(unclassified(case, span, "it installs packages in exec form, without an update before it")),
        };
    }
    let kept: Vec<bool> = (0..own.len()).map(|at| pieces.iter().any(|piece| piece.at == at)).collect();
    if !can_be_split(&own, &kept) && fits_whole(case, &own, &pieces) {
        own.iter().try_for_each(|effect| chain::check(case, effect))?;
        return Ok(Rerun::Whole);
    }
    if !can_be_split(&own, &kept) {
        let span = own.first().map_or(Span::default(), |effect| effect.cmd.span);
        let reason = match own.iter().any(|effect| matches!(effect.kind, Kind::Build)) {
            true => "it mixes building with setting up the image, in a script that cannot be split",
            false => "only a part of it is for the running image, and its script cannot be split",
        };
        return Err(unclassified(case, span, reason));
    }
    variables_of(parts, &own, &mut pieces)?;
    if needs_update {
        // Behind what the RUN changes of the package sources.
        let install = |piece: &Piece| matches!(own.get(piece.at).map(|effect| &effect.kind), Some(Kind::Install(_)));
        let first = pieces.iter().position(install).unwrap_or_default();
        let at = pieces.get(first).map_or(0, |piece| piece.at);
        pieces.insert(first, Piece { at, text: "apt-get update".into(), noise: true });
        pieces.push(Piece { at: own.len(), text: "rm -rf /var/lib/apt/lists/*".into(), noise: true });
    }
    let keyword = case.file.get(step.inst).map_or("RUN", |inst| inst.name.text.as_str());
    let errors_end_it = step.script.as_ref().is_some_and(|script| script.options.iter().any(|name| name == "errexit"));
    let mut text = format!("{keyword} ");
    for flag in case.file.get(step.inst).iter().flat_map(|inst| &inst.flags).filter(|flag| is_kept(flag, &pieces)) {
        text.push_str(case.source.slice(flag.span));
        text.push(' ');
    }
    for (index, piece) in pieces.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| pieces.get(before)) {
            // `a; b` goes on when `a` fails, and so does what is left of it.
            let between = own.iter().take(piece.at + 1).skip(before.at + 1);
            let goes_on = between.into_iter().any(|effect| matches!(effect.cmd.joiner, Joiner::Semi | Joiner::Newline));
            let eol = format!(" {}{}    ", style.escape, style.eol);
            match goes_on && !errors_end_it {
                true => text.push_str(&format!(";{eol}")),
                false => text.push_str(&format!("{eol}&& ")),
            }
        }
        text.push_str(&piece.text);
    }
    Ok(Rerun::Text(text))
}

/// `id app || adduser app`: nothing of the RUN builds, so that all of it may be run again where no part can be taken out.
fn fits_whole(case: &Case<'_>, own: &[&Effect<'_>], pieces: &[Piece]) -> bool {
    let installs = |install: &Install| {
        install.packages.iter().all(|package| {
            let name = package.name.as_str();
            package.literal && (!packages::builds_only(name) || packages::may_be_started(name))
        })
    };
    own.iter().enumerate().all(|(at, effect)| match &effect.kind {
        Kind::Install(install) => installs(install),
        Kind::Remove(_) | Kind::Account => true,
        Kind::Nothing | Kind::Build => chain::only_looks(effect.cmd),
        Kind::PackageNoise => {
            chain::is_cleaning(effect.cmd) && (effect.cmd.name.text != "rm" || effect.cmd.has_short('f'))
        }
        _ => pieces.iter().any(|piece| piece.at == at && piece.text == case.source.slice(effect.cmd.span)),
    })
}

/// The user of the RUN, where the final stage runs it as another: only the last USER stands there.
fn other_user<'a>(case: &Case<'a>, step: &'a Step) -> Option<&'a str> {
    let root = |user: &str| matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0");
    let last = case.steps().filter(|(_, inst)| matches!(inst.body, Body::User(_))).map(|(step, _)| step.inst).last();
    let user = step.user.as_deref().filter(|user| !root(user))?;
    last.is_none_or(|last| last > step.inst).then_some(user)
}

/// Caches of the package manager, secrets, and what a command names; the caches of the build stay behind.
fn is_kept(flag: &Flag, pieces: &[Piece]) -> bool {
    if flag.name.text != "mount" {
        return true;
    }
    let target = ["target", "dst", "destination"].iter().find_map(|name| flag.field(name)).unwrap_or_default();
    match flag.field("type") {
        Some("secret" | "ssh") => true,
        Some("cache") => ["/var/cache", "/var/lib/apt", "/etc/apk"].iter().any(|dir| within(target, dir)),
        _ => target.starts_with('/') && target.len() > 1 && pieces.iter().any(|piece| piece.text.contains(target)),
    }
}

fn own_start(own: &[&Effect<'_>], at: usize) -> u32 {
    own.get(at).map_or(0, |effect| effect.cmd.span.start)
}

/// The command leaves something that the final stage has to have, and that no COPY brings.
pub(super) fn lasts(parts: &Parts<'_, '_>, own: &[&Effect<'_>], effect: &Effect<'_>, copied: &[&str]) -> bool {
    match &effect.kind {
        _ if !taken_away(parts, effect).is_empty() => true,
        Kind::Account => true,
        // A link comes along with the directory that holds it.
        Kind::Write(paths) if effect.cmd.name.text == "ln" => {
            is_rerun(effect) && !paths.iter().all(|path| covered(path, copied))
        }
        Kind::Write(_) => is_rerun(effect),
        Kind::Make(paths) => paths.iter().any(|path| {
            !is_system_dir(path) && !covered(path, copied) && !is_build_place(path)
                || parents::holds_a_link(parts, effect, path, copied)
        }),
        Kind::Own(_, paths) | Kind::Mode(paths) => {
            paths.iter().all(|path| !covered(path, copied) && made_before(parts, own, effect, path, copied))
                && !paths.is_empty()
        }
        _ => false,
    }
}

/// Files of packages that a command takes away, where something is started that may read them.
fn taken_away(parts: &Parts<'_, '_>, effect: &Effect<'_>) -> Vec<String> {
    match starts_any(parts) || !parts.pure {
        true => super::changed::taken_away(parts.case, parts.effects, effect),
        false => Vec::new(),
    }
}

/// It alone is a reason to repeat its RUN.
fn is_significant(parts: &Parts<'_, '_>, effect: &Effect<'_>, copied: &[&str]) -> bool {
    match &effect.kind {
        _ if !taken_away(parts, effect).is_empty() => true,
        Kind::Account => true,
        // A link comes along with the directory that holds it.
        Kind::Write(paths) if effect.cmd.name.text == "ln" => {
            is_rerun(effect) && !paths.iter().all(|path| covered(path, copied))
        }
        Kind::Write(_) => is_rerun(effect),
        Kind::Make(paths) => paths.iter().any(|path| {
            !is_system_dir(path) && !covered(path, copied) && !is_build_place(path) && *path != parts.case.workdir
                || parents::holds_a_link(parts, effect, path, copied)
        }),
        _ => false,
    }
}

fn spelled(parts: &Parts<'_, '_>, effect: &Effect<'_>, same: bool) -> Result<String, Refusal> {
    chain::spelled(parts.case, effect, same)
        .map_err(|span| unclassified(parts.case, span, "it names a path by a directory that the final stage has not"))
}

/// Puts back the commands that set the variables of those that are repeated.
fn variables_of(parts: &Parts<'_, '_>, own: &[&Effect<'_>], pieces: &mut Vec<Piece>) -> Result<(), Refusal> {
    let case = parts.case;
    let mut read: Vec<String> = pieces.iter().flat_map(|piece| variables(&piece.text, case.file.escape)).collect();
    for (at, effect) in own.iter().enumerate().rev() {
        let sets = chain::sets(effect.cmd);
        let used = sets.iter().any(|name| read.iter().any(|read| read == name));
        if !used || pieces.iter().any(|piece| piece.at == at) {
            continue;
        }
        chain::check(case, effect)?;
        let text = case.source.slice(effect.cmd.span).to_string();
        read.extend(variables(&text, case.file.escape));
        let behind = pieces.iter().position(|piece| piece.at > at).unwrap_or(pieces.len());
        pieces.insert(behind, Piece { at, text, noise: false });
    }
    Ok(())
}

/// A package whose name is a variable that only the script of this RUN knows.
fn has_unknown_packages(install: &Install, step: &Step) -> bool {
    install.packages.iter().any(|package| {
        let names = variables(&package.name, '\\');
        !package.literal && names.iter().any(|name| step.env.get(name).is_none())
    })
}

fn unclassified(case: &Case<'_>, span: Span, reason: &str) -> Refusal {
    let text = format!("whether the image needs this when it runs is not known: {reason}");
    refuse("unclassified-run", span, text, unclassified_help(case))
}

/// What lifts the refusal of a RUN that is not understood.
pub(super) fn unclassified_help(case: &Case<'_>) -> &'static str {
    if case.context.is_none() {
        "give the build context with --context, or name what the program reads: --runtime-file PATH (rewrite: \
         {runtime-files: [PATH]})"
    } else {
        "if the program needs nothing of it, name what it reads: --runtime-file PATH (rewrite: {runtime-files: [PATH]}); \
         otherwise write the final stage by hand"
    }
}

/// Commands without any trace that need not be repeated but do no harm: `set -ex`, `cd`.
fn is_quiet(effect: &Effect<'_>) -> bool {
    matches!(effect.kind, Kind::Nothing) && matches!(effect.cmd.name.text.as_str(), "set" | "")
}

pub(super) fn covered(path: &str, copied: &[&str]) -> bool {
    copied.iter().any(|copy| within(path, copy))
}

/// The path is of the distribution, or a command that is repeated makes it before this one.
fn made_before(parts: &Parts<'_, '_>, own: &[&Effect<'_>], effect: &Effect<'_>, path: &str, copied: &[&str]) -> bool {
    let before = parts.effects.iter().filter(|other| other.cmd.span.start < effect.cmd.span.start);
    let here = |other: &Effect<'_>| own.iter().any(|own| own.cmd.span == other.cmd.span);
    is_system_dir(path)
        || before.into_iter().any(|other| match &other.kind {
            Kind::Make(paths) => here(other) && paths.iter().any(|made| within(made, path) && !covered(made, copied)),
            // The home of a new account.
            Kind::Account => super::paths::parent(path) == "/home",
            _ => false,
        })
}

/// The install without what only builds; `None` when nothing is left. `used` are packages that later commands of the RUN
/// use, even if they are removed behind them; `group` is the name of a virtual package.
pub(super) fn install_text(
    parts: &Parts<'_, '_>,
    effect: &Effect<'_>,
    removed: &[&str],
    used: &[String],
    group: Option<&str>,
) -> Option<String> {
    let Kind::Install(install) = &effect.kind else { return None };
    let passes = group.is_some_and(|name| removed.contains(&name));
    let mut kept = run_time_packages(install, parts.pure, parts.ground, starts_others(parts));
    let used = |name: &str| used.iter().any(|used| used == name);
    kept.retain(|(name, _)| used(name) || !(passes || removed.contains(&name.as_str())));
    if is_closed(parts) && !starts_any(parts) && super::accounts::of_packages(parts.case, parts.effects).is_none() {
        // Everything that the program wants is known: only that stays.
        kept.retain(|(name, _)| packages::is_data(name) || wanted(parts, name) || used(name));
    }
    if kept.is_empty() {
        return None;
    }
    let source = parts.case.source;
    if kept.len() == install.packages.len()
        && kept.iter().zip(&install.packages).all(|((name, _), package)| *name == package.name)
    {
        return Some(source.slice(effect.cmd.span).to_string());
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
    Some(text)
}

/// Whatever is started may start what the packages brought: git starts ssh, tar starts zstd, and `date` may be the one of
/// coreutils and not busybox's. Only those that become another program, which is listed by itself, start nothing else.
fn starts_any(parts: &Parts<'_, '_>) -> bool {
    let own = |name: &str| super::needs::shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name);
    let becomes_another =
        |name: &str| super::entry::WRAPPERS.contains(&name) || matches!(name, "bash" | "sh" | "ash" | "dash");
    parts.needs.programs.iter().any(|(name, _)| !own(name) && !becomes_another(name))
}

/// What mostly builds stays too: it is started, or may be.
fn starts_others(parts: &Parts<'_, '_>) -> bool {
    !parts.needs.program_gaps.is_empty()
        || parts.needs.programs.iter().any(|(name, _)| packages::may_be_started(name) || brings_itself(parts, name))
}

/// The file brings the program itself, and nobody knows what a program that is no package's starts.
fn brings_itself(parts: &Parts<'_, '_>, name: &str) -> bool {
    let in_path = |path: &String| {
        super::paths::base_name(path) == name && super::paths::STANDARD_PATH.contains(&super::paths::parent(path))
    };
    parts.choice.fetched.iter().any(|found| super::paths::base_name(&found.path) == name)
        || parts.effects.iter().any(|effect| matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(in_path)))
}

/// Everything that the program reads and starts is known, and of each program, where it comes from.
fn is_closed(parts: &Parts<'_, '_>) -> bool {
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    let known = |name: &str| {
        packages::provider(name, alpine) != packages::Provided::Unknown
            || super::needs::shipped(parts.found).any(|built| super::paths::base_name(&built.path) == name)
            || installs(parts, name)
            || super::layout::fetches(parts, name)
            || parts.choice.fetched.iter().any(|found| super::paths::base_name(&found.path) == name)
    };
    parts.needs.is_complete() && parts.pure && parts.needs.programs.iter().all(|(name, _)| known(name))
}

/// The file installs a package that has the program, and the final stage installs it again.
pub(super) fn installs(parts: &Parts<'_, '_>, name: &str) -> bool {
    parts.choice.tier <= Tier::SameDistro
        && parts.effects.iter().any(|effect| match &effect.kind {
            Kind::Install(install) => install
                .packages
                .iter()
                .any(|package| !packages::builds_only(&package.name) && super::brings::brings(&package.name, name)),
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

/// What the golang images on Debian have beside Debian.
#[rustfmt::skip]
const OF_GOLANG: &[&str] = &[
    "adduser", "bzip2", "curl", "file", "git", "gnupg", "mercurial", "netbase", "openssh-client", "openssl", "patch", "procps",
    "subversion", "unzip", "wget", "xz-utils",
];

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
    // What a RUN installs under computed names may be just that, of a version of its own; what the old base has is not.
    let computed = parts.effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| !package.literal),
        _ => false,
    });
    let debian = !parts.ground.is_some_and(super::releases::Ground::alpine);
    let of_old_base = |name: &str| debian && OF_GOLANG.contains(&name) || matches!(name, "ca-certificates" | "tzdata");
    let missing: Vec<&str> = parts
        .choice
        .packages
        .iter()
        .map(String::as_str)
        .filter(|name| !already.contains(name) && (!computed || of_old_base(name)))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let names = missing.join(" ");
    let run = style.keyword("RUN");
    let alpine = parts.ground.is_some_and(super::releases::Ground::alpine);
    let between = format!(" {}{}    && ", style.escape, style.eol);
    // It asks for the area; of what the user names it is not known.
    let asks = missing.contains(&"tzdata") || !parts.case.options.stated.packages.is_empty();
    let quiet = if asks { "DEBIAN_FRONTEND=noninteractive " } else { "" };
    Some(if alpine {
        format!("{run} apk add --no-cache {names}")
    } else {
        [
            format!("{run} apt-get update"),
            format!("{quiet}apt-get install -y --no-install-recommends {names}"),
            "rm -rf /var/lib/apt/lists/*".into(),
        ]
        .join(&between)
    })
}
