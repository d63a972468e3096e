//! Which paths of the image the file itself filled: COPY, ADD, and the files and directories that RUN makes.

use super::Refusal;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::paths::{base_name, is_system_dir, join, parent, within};
use super::presence::{Image, Presence};
use super::refuse::refuse;
use super::render::StageCopy;
use crate::model::{Step, expand};
use crate::syntax::{Body, Instruction};
use crate::text::Span;

/// A path of the build stage that holds what the author put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub path: String,
    pub chown: Option<String>,
    pub dir: bool,
}

/// What one COPY or ADD fills; `Err` when files land among those of the base and cannot be told apart.
pub(super) fn of_transfer(case: &Case<'_>, step: &Step, inst: &Instruction) -> Result<Vec<Placed>, Refusal> {
    let Some(transfer) = inst.transfer() else { return Ok(Vec::new()) };
    let unknown = |what: &str| {
        refuse(
            "data-unknown",
            inst.content,
            format!("which files this brings to {what} cannot be told"),
            "copy to a directory of the program's own, such as /app/, or name what the program reads: --runtime-file PATH \
             (rewrite: {runtime-files: [PATH]})",
        )
    };
    let chown = inst.flag("chown").and_then(|flag| flag.value.as_ref()).map(|word| word.text.to_string());
    let Ok(dest) = expand(&transfer.dest.text, case.file.escape, &step.env) else {
        return Err(unknown(&transfer.dest.text));
    };
    let Some(workdir) = step.workdir.as_deref() else { return Err(unknown(&dest)) };
    let target = join(workdir, &dest);
    let inside = dest.ends_with('/')
        || dest.ends_with("/.")
        || dest == "."
        || transfer.sources.len() > 1
        || is_system_dir(&target)
        || target == workdir
        || target == "/go";
    if !inside {
        return Ok(vec![Placed { path: target, chown, dir: false }]);
    }
    if !is_system_dir(&target) && target != "/go" {
        return Ok(vec![Placed { path: target, chown, dir: true }]);
    }
    // Into a directory of the base: each file by its name.
    let mut placed = Vec::new();
    for (index, source) in transfer.sources.iter().enumerate() {
        if source.text.starts_with("<<") {
            let name = inst.heredocs.get(index).map_or("", |heredoc| heredoc.name.as_str());
            placed.push(Placed { path: join(&target, name), chown: chown.clone(), dir: false });
            continue;
        }
        let Ok(text) = expand(&source.text, case.file.escape, &step.env) else { return Err(unknown(&target)) };
        let archive = matches!(inst.body, Body::Add(_)) && !text.contains("://") && is_archive(&text);
        if archive {
            return Err(unknown(&target));
        }
        if text.contains("://") {
            let name = base_name(text.split(['?', '#']).next().unwrap_or(""));
            if name.is_empty() {
                return Err(unknown(&target));
            }
            placed.push(Placed { path: join(&target, name), chown: chown.clone(), dir: false });
            continue;
        }
        if inst.flag("from").is_some() && super::paths::STANDARD_PATH.contains(&super::paths::parent(&text)) {
            placed.push(Placed { path: join(&target, base_name(&text)), chown: chown.clone(), dir: false });
            continue;
        }
        match from_context(case, &text, &target, chown.as_ref()) {
            Some(files) => placed.extend(files),
            // Larger than it need be, but all of it.
            None if target == "/go" => placed.push(Placed { path: target.clone(), chown: chown.clone(), dir: true }),
            None => return Err(unknown(&target)),
        }
    }
    Ok(placed)
}

/// The files and directories of the context that a COPY or ADD names, as they stand in the image; none where that cannot
/// be told, and none for the whole context.
pub(super) fn named(case: &Case<'_>, step: &Step, inst: &Instruction) -> Vec<String> {
    let (Some(transfer), Some(workdir)) = (inst.transfer(), step.workdir.as_deref()) else { return Vec::new() };
    let Ok(dest) = expand(&transfer.dest.text, case.file.escape, &step.env) else { return Vec::new() };
    let target = join(workdir, &dest);
    let mut paths = Vec::new();
    for source in &transfer.sources {
        let Ok(text) = expand(&source.text, case.file.escape, &step.env) else { return Vec::new() };
        let clean = text.trim_start_matches("./").trim_matches('/');
        if text.contains("://") || text.starts_with("<<") || matches!(clean, "" | ".") {
            continue;
        }
        let file = case.context.is_some_and(|context| context.files.contains_key(clean));
        let into = dest.ends_with(['/', '.']) || transfer.sources.len() > 1 || target == workdir;
        match () {
            () if file && into => paths.push(join(&target, base_name(clean))),
            // The contents of a directory, among others: each by its name.
            () if !file && target == case.workdir => {
                paths.extend(
                    from_context(case, &text, &target, None).unwrap_or_default().into_iter().map(|one| one.path),
                );
            }
            () => paths.push(target.clone()),
        }
    }
    paths
}

fn is_archive(text: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2"].iter().any(|end| text.ends_with(end))
}

/// The names that a source leaves in a directory of the base: from the context, or from the source's own name when it
/// is plainly a file.
fn from_context(case: &Case<'_>, source: &str, target: &str, chown: Option<&String>) -> Option<Vec<Placed>> {
    let clean = source.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let one = |path: String, dir| Placed { path, chown: chown.cloned(), dir };
    if let Some(context) = case.context {
        if context.files.contains_key(clean) {
            return Some(vec![one(join(target, base_name(clean)), false)]);
        }
        if !source.contains(['*', '?', '[']) {
            let below = if clean.is_empty() || clean == "." { String::new() } else { format!("{clean}/") };
            let mut names: Vec<(String, bool)> = Vec::new();
            for path in context.files.keys() {
                let Some(rest) = path.strip_prefix(&below) else { continue };
                let (name, dir) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
                if !names.iter().any(|(known, _)| known == name) {
                    names.push((name.to_string(), dir));
                }
            }
            // A directory that the base has, too: what is whose cannot be told.
            if names.iter().any(|(name, dir)| *dir && is_system_dir(&join(target, name))) || names.is_empty() {
                return None;
            }
            return Some(names.into_iter().map(|(name, dir)| one(join(target, &name), dir)).collect());
        }
        let pattern = clean;
        let hits: Vec<&String> =
            context.files.keys().filter(|path| crate::context::glob::matches(pattern, path)).collect();
        return Some(hits.into_iter().map(|path| one(join(target, base_name(path)), false)).collect());
    }
    let name = base_name(clean);
    let is_file =
        name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.len() <= 5 && !end.is_empty());
    (is_file && !source.contains(['*', '?', '['])).then(|| vec![one(join(target, name), false)])
}

/// Caches and leftovers of the build that no program reads.
pub(super) fn is_build_place(path: &str) -> bool {
    [
        "/go/pkg",
        "/go/src/cache",
        "/root/.cache",
        "/root/go",
        "/usr/local/go",
        "/tmp",
        "/var/cache",
        "/var/lib/apt",
        "/var/lib/dpkg",
    ]
    .iter()
    .any(|dir| within(path, dir))
}

/// The copies of T0: the whole tree of the working directory, and everything that was put elsewhere.
pub(super) fn whole(case: &Case<'_>, effects: &[Effect<'_>], programs: &[String]) -> Result<Vec<StageCopy>, Refusal> {
    let mut paths: Vec<Placed> = Vec::new();
    let mut filled = false;
    for (step, inst) in case.steps() {
        for placed in of_transfer(case, step, inst)? {
            if removed_later(case, effects, inst.span.start, &placed.path) {
                continue;
            }
            filled |= within(&placed.path, &case.workdir);
            paths.push(placed);
        }
    }
    let mut perhaps = None;
    for effect in effects {
        let (written, dir) = match &effect.kind {
            Kind::Write(paths) => (paths, false),
            // Made again in the final stage, with their owner and mode; but one in the working directory comes along.
            Kind::Make(paths) if paths.iter().all(|path| within(path, &case.workdir)) => (paths, true),
            _ => continue,
        };
        for path in written {
            if is_system_dir(path)
                || is_build_place(path)
                || removed_later(case, effects, effect.cmd.span.start, path)
                || is_rerun(effect)
            {
                continue;
            }
            if effect.cmd.conditional {
                let refusal = refuse(
                    "unclassified-run",
                    effect.cmd.span,
                    format!("{path} is made only under a condition"),
                    "make it always, or split the RUN; or name what the program reads: --runtime-file PATH (rewrite: \
                     {runtime-files: [PATH]})",
                );
                // In the working directory, which comes along as it is, that is the same.
                if !within(path, &case.workdir) {
                    return Err(refusal);
                }
                perhaps.get_or_insert(refusal);
                continue;
            }
            filled |= within(path, &case.workdir);
            paths.push(Placed { path: path.clone(), chown: None, dir });
        }
    }
    for path in programs {
        filled |= within(path, &case.workdir);
        paths.push(Placed { path: path.clone(), chown: None, dir: false });
    }
    // /go holds the module cache, too: only what the file put there is wanted.
    let whole = filled && !is_system_dir(&case.workdir) && case.workdir != "/go";
    if let (Some(refusal), false) = (perhaps, whole) {
        return Err(refusal);
    }
    if whole {
        paths.push(Placed { path: case.workdir.clone(), chown: None, dir: true });
    }
    // Sources are for the compiler, not for the program.
    let source = |path: &str| path.ends_with(".go") || matches!(super::paths::base_name(path), "go.mod" | "go.sum");
    paths.retain(|placed| placed.path != "/" && (placed.dir || !source(&placed.path)));
    let all = paths.clone();
    paths.retain(|placed| !all.iter().any(|other| other.path != placed.path && within(&placed.path, &other.path)));
    paths.sort_by(|one, two| one.path.cmp(&two.path));
    paths.dedup_by(|one, two| one.path == two.path);
    let owners = owners(effects);
    let user = case.stage.config.user.clone().unwrap_or_default();
    let opened = |path: &str| {
        let modes =
            effects.iter().any(|effect| matches!(&effect.kind, Kind::Mode(dirs) if dirs.iter().any(|dir| dir == path)));
        (modes && !matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0")).then(|| user.clone())
    };
    Ok(paths
        .into_iter()
        .map(|placed| {
            // COPY makes the directory that it names anew: the owner stands in for a mode such as 777.
            let chown = owner_of(&owners, &placed.path).or_else(|| opened(&placed.path)).or_else(|| {
                all.iter()
                    .find(|other| other.path == placed.path && other.chown.is_some())
                    .and_then(|other| other.chown.clone())
            });
            let given =
                match super::modes::opened(case, effects, &placed.path).filter(|_| chown.is_none() && placed.dir) {
                    Some(super::modes::Mode::Given(mode)) => Some(mode),
                    _ => None,
                };
            StageCopy { from: placed.path.clone(), to: placed.path, chown, chmod: given }
        })
        .collect())
}

/// Accounts are made by commands, and by lines that are written by hand.
pub(super) fn is_account_file(path: &str) -> bool {
    matches!(path, "/etc/passwd" | "/etc/group" | "/etc/shadow" | "/etc/gshadow" | "/etc/subuid" | "/etc/subgid")
}

/// Commands that are run again in the final stage, so that what they make need not be copied.
pub(super) fn is_rerun(effect: &Effect<'_>) -> bool {
    match &effect.kind {
        Kind::Write(_) if super::sources::is_simple(effect) => true,
        Kind::Write(paths) => {
            let zone = paths.iter().all(|path| matches!(path.as_str(), "/etc/localtime" | "/etc/timezone"));
            match effect.cmd.name.text.as_str() {
                // A hard link needs the file, which the final stage need not have.
                "ln" => effect.cmd.has_short('s') || effect.cmd.has_flag(&["--symbolic"]),
                "cp" | "install" => zone && effect.cmd.args.iter().any(|arg| arg.text.contains("/usr/share/zoneinfo")),
                "echo" | "printf" | "sed" if paths.iter().all(|path| is_account_file(path)) => true,
                "echo" | "printf" | "dpkg-reconfigure" | "setup-timezone" => zone,
                _ => false,
            }
        }
        Kind::Install(_) | Kind::Account => true,
        _ => false,
    }
}

/// A later command takes the path away; a glob may mean it.
pub(super) fn removed_later(case: &Case<'_>, effects: &[Effect<'_>], made_at: u32, path: &str) -> bool {
    effects.iter().filter(|effect| effect.cmd.span.start > made_at).any(|effect| {
        let words = || {
            effect.cmd.args.iter().filter_map(|arg| super::effects::absolute(case, effect.step, effect.cmd, &arg.text))
        };
        let globs = || {
            let words = effect.cmd.args.iter().filter_map(|arg| arg.text.split_once('*'));
            words.filter_map(|(head, _)| super::effects::absolute(case, effect.step, effect.cmd, head))
        };
        match effect.cmd.name.text.as_str() {
            "rm" | "rmdir" => words().any(|gone| within(path, &gone)) || globs().any(|head| path.starts_with(&head)),
            "mv" => super::effects::moves(&case.scope(), effect.step, effect.cmd)
                .is_some_and(|pairs| pairs.iter().any(|(from, _)| within(path, from))),
            _ => false,
        }
    })
}

/// A file that the base brings is gone at the end of the stage: `rm -rf /usr/local/go /go`, `apt-get purge`. What puts it
/// there again counts from then on.
pub(super) fn is_gone(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> bool {
    let toolchain = within(path, "/usr/local/go");
    let makes = |effect: &Effect<'_>| match &effect.kind {
        Kind::TrustStore => path == BUNDLE,
        Kind::Install(install) => path == BUNDLE && install.packages.iter().any(|package| package.name == CERTIFICATES),
        Kind::Write(paths) => paths.iter().any(|made| made == path),
        Kind::Build => toolchain && effect.cmd.name.text == "tar",
        _ => false,
    };
    let made = effects.iter().filter(|effect| makes(effect)).map(|effect| effect.cmd.span.start).max().unwrap_or(0);
    let purged = effects.iter().any(|effect| {
        effect.cmd.span.start > made
            && path == BUNDLE
            && matches!(&effect.kind, Kind::Remove(names) if names.iter().any(|name| name == CERTIFICATES))
    });
    purged || removed_later(case, effects, made, path)
}

/// All root certificates in one file, and the package that makes it.
pub(super) const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
pub(super) const CERTIFICATES: &str = "ca-certificates";

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0")
}

/// `mkdir -p data/in` makes `data`, too: the directory next to one that was there before.
fn first_made(effect: &Effect<'_>, path: &str) -> String {
    let parents = effect.cmd.has_short('p') || effect.cmd.has_flag(&["--parents"]);
    let there = |dir: &str| {
        is_system_dir(dir)
            || parent(dir) == "/home"
            || effect.step.workdir.as_deref().is_some_and(|workdir| within(workdir, dir))
    };
    let mut first = path;
    while parents && !there(parent(first)) {
        first = parent(first);
    }
    first.to_string()
}

/// `chown -R owner paths` in the file.
pub(super) fn owners(effects: &[Effect<'_>]) -> Vec<(String, String)> {
    effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            Kind::Own(owner, paths) => Some(paths.iter().map(|path| (path.clone(), owner.clone())).collect::<Vec<_>>()),
            // What another user than root makes is his.
            Kind::Make(paths) => {
                let user = effect.step.user.as_deref().filter(|user| !is_root(user))?;
                Some(paths.iter().map(|path| (first_made(effect, path), user.to_string())).collect())
            }
            _ => None,
        })
        .flatten()
        .collect()
}

pub(super) fn owner_of(owners: &[(String, String)], path: &str) -> Option<String> {
    owners
        .iter()
        .filter(|(dir, _)| within(path, dir))
        .max_by_key(|(dir, _)| dir.len())
        .and_then(|(_, owner)| for_copy(owner))
}

/// An owner of `chown` as COPY takes it: `:web` leaves the user, who is root, and `app:` is the user alone.
fn for_copy(owner: &str) -> Option<String> {
    let owner = owner.trim_end_matches([':', '.']);
    match owner {
        _ if owner.contains('$') || matches!(owner, "" | ":0" | ":root") => None,
        group if group.starts_with(':') => Some(format!("0{group}")),
        owner => Some(owner.to_string()),
    }
}

/// The owner that the last COPY or ADD gave to files of the context: one that only its owner may read is of no use to
/// another user.
pub(super) fn given_by_copy(case: &Case<'_>, path: &str) -> Option<String> {
    let mut owner = None;
    for (step, inst) in case.steps() {
        for placed in of_transfer(case, step, inst).unwrap_or_default() {
            if within(path, &placed.path) {
                owner = placed.chown;
            }
        }
    }
    owner.filter(|owner| !owner.contains('$'))
}

/// The COPY that takes what lies at the path from the user, whom an earlier one gave it to.
pub(super) fn taken_from(case: &Case<'_>, effects: &[Effect<'_>], path: &str, user: &str) -> Option<Span> {
    let name = |owner: &str| owner.split(':').next().unwrap_or_default().to_string();
    let mut given = false;
    let mut taken = None;
    for (step, inst) in case.steps() {
        for placed in of_transfer(case, step, inst).unwrap_or_default() {
            if within(path, &placed.path) {
                let own = placed.chown.as_deref().map(name) == Some(name(user));
                given |= own;
                taken = (given && !own).then_some(inst.content);
            }
        }
    }
    taken.filter(|_| owner_of(&owners(effects), path).is_none())
}

/// Certificates that the file puts beside those of the base, or in their place: Go reads every file of the directory.
pub(super) fn certificates(case: &Case<'_>, effects: &[Effect<'_>]) -> Vec<String> {
    let own = |path: &str| path != "/etc/ssl/certs" && within(path, "/etc/ssl/certs");
    let mut found: Vec<String> = Vec::new();
    for (step, inst) in case.steps() {
        let placed = of_transfer(case, step, inst).unwrap_or_default();
        found.extend(placed.into_iter().filter(|placed| own(&placed.path)).map(|placed| placed.path));
    }
    for effect in effects {
        if let (Kind::Write(paths), false) = (&effect.kind, effect.cmd.conditional) {
            found.extend(paths.iter().filter(|path| own(path)).cloned());
        }
    }
    found.retain(|path| !removed_later(case, effects, 0, path));
    found
}

/// True when the file puts something at the path or below it.
pub(super) fn fills(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> bool {
    let copied = case.steps().any(|(step, inst)| {
        of_transfer(case, step, inst)
            .is_ok_and(|placed| placed.iter().any(|placed| within(&placed.path, path) || within(path, &placed.path)))
    });
    copied
        || effects.iter().any(|effect| match &effect.kind {
            Kind::Write(paths) | Kind::Make(paths) => paths.iter().any(|made| within(made, path)),
            _ => false,
        })
}

/// The directory of the file's own that a program writes this path into, and to whom it belongs: below the working
/// directory, there since a COPY brought files to it, and given to the user of the image.
pub(super) fn owned_dir(image: &Image<'_, '_>, path: &str) -> Option<(String, String)> {
    let case = image.case;
    let name = |owner: &str| owner.split(':').next().unwrap_or_default().to_string();
    let user = name(case.stage.config.user.as_deref()?);
    let dir = parent(path);
    if is_root(&user) || dir == case.workdir || !within(dir, &case.workdir) || is_system_dir(dir) {
        return None;
    }
    let filled = case.tree().is_some_and(|tree| tree.under(dir).next().is_some());
    let modes = image.effects.iter().any(|effect| {
        matches!(&effect.kind, Kind::Mode(paths) if paths.iter().any(|mode| within(dir, mode) || within(mode, dir)))
    });
    if !filled || modes || !matches!(image.presence(dir), Presence::Made(made) if made == dir) {
        return None;
    }
    // `chown -R` reaches all of it; of several COPY the last one that touches it counts, and all have to agree.
    let recursive = |effect: &&Effect<'_>| effect.cmd.has_short('R') || effect.cmd.has_flag(&["--recursive"]);
    let given: Vec<Effect<'_>> = image.effects.iter().filter(recursive).cloned().collect();
    let owner = owner_of(&owners(&given), dir).or_else(|| {
        let mut found = Vec::new();
        for (step, inst) in case.steps() {
            let placed = of_transfer(case, step, inst).ok()?;
            let hits = placed.into_iter().filter(|placed| within(dir, &placed.path) || within(&placed.path, dir));
            found.extend(hits.map(|placed| placed.chown));
        }
        let first = found.first().cloned().flatten()?;
        found.iter().all(|other| other.as_ref() == Some(&first)).then_some(first)
    })?;
    // A group by its name beside a user by number: nothing says that the final base knows it.
    let by_name = |text: &str| text.contains(|letter: char| letter.is_alphabetic());
    let known = !by_name(&owner) || by_name(&user);
    (name(&owner) == user && !owner.contains('$') && known).then(|| (dir.to_string(), owner))
}
