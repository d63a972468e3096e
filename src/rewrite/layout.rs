//! Which instruction goes to which stage, and in what order the final stage has them.

use super::Refusal;
use super::artifacts::Found;
use super::base::Choice;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::entry::{Entry, json};
use super::environment::{EnvText, carried, env_text, is_proxy, is_read_by_installs, of_old_base_line};
use super::fetched::{Fetched, How};
use super::modes::Mode;
use super::needs::Needs;
use super::paths::{is_system_dir, within};
use super::placed::{owner_of, owners, removed_later, whole};
use super::presence::{Image, Presence};
use super::refuse::refuse;
use super::releases::Ground;
use super::render::{Line, Outline, StageCopy, Style};
use super::{Tier, reruns};
use crate::model::{expand, variables};
use crate::syntax::{Body, Command, InstId, Instruction};

/// Everything that decides what the final stage has.
pub(super) struct Parts<'a, 'c> {
    pub case: &'c Case<'a>,
    pub entry: &'c Entry,
    pub found: &'c Found,
    pub needs: &'c Needs,
    pub choice: &'c Choice,
    pub ground: Option<&'c Ground>,
    pub effects: &'c [Effect<'a>],
    /// Every program that ships needs no C library.
    pub pure: bool,
}

impl<'a, 'c> Parts<'a, 'c> {
    pub fn image(&self) -> Image<'c, 'a> {
        Image { case: self.case, ground: self.ground, effects: self.effects }
    }

    /// The health check that the final stage has in exec form.
    pub fn health_exec(&self) -> Option<&'c (InstId, Vec<String>)> {
        self.needs.health_exec.as_ref().filter(|_| self.choice.tier > Tier::SameDistro)
    }
}

/// Where in the final stage a line stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Before everything of the file: accounts, packages that the file did not name.
    First,
    /// What stands before the build in the file, in its order.
    Before(u32, u8),
    Copies,
    /// What stands behind the build, and what has to: VOLUME, HEALTHCHECK, ENTRYPOINT, CMD.
    After(u32, u8),
}

pub(super) struct Laid {
    pub outline: Outline,
    pub copies: Vec<StageCopy>,
    /// What the new image lacks that the file itself had set.
    pub dropped: Vec<String>,
    /// Credentials of the build that were not copied.
    pub credentials: Vec<String>,
}

pub(super) fn lay(parts: &Parts<'_, '_>, mut outline: Outline) -> Result<Laid, Refusal> {
    let case = parts.case;
    let style = Style::of(case);
    let tier = parts.choice.tier;
    let last_build = case
        .steps()
        .filter(|(_, inst)| matches!(inst.body, Body::Run(_) | Body::Copy(_) | Body::Add(_)))
        .map(|(step, _)| step.inst)
        .last()
        .unwrap_or(case.stage.from);
    let mut lines: Vec<(Place, Line)> = Vec::new();
    let mut copies = copies(parts)?;
    let credentials = super::credentials::leave_out(parts, &mut copies);
    let owned_workdir = copies.iter().any(|copy| copy.chown.is_some() && copy.to == case.workdir);
    let accounts = accounts(parts)?;
    for path in &accounts {
        lines.push((
            Place::First,
            Line::Copy(StageCopy { from: path.clone(), to: path.clone(), chown: None, chmod: None }),
        ));
    }

    let mut dropped = Vec::new();
    let mut workdir: Option<(InstId, bool)> = None;
    let targets: Vec<&str> = copies.iter().map(|copy| copy.to.as_str()).collect();
    let runs = repeated(parts, &targets, owned_workdir, &style)?;
    let mut read = parts.needs.variables.clone();
    for (_, text) in &runs {
        read.extend(variables(text, case.file.escape));
        if super::sources::is_install(text) || text.contains("dpkg-reconfigure") {
            read.push("DEBIAN_FRONTEND".into());
        }
    }
    for (step, inst) in case.steps() {
        let id = step.inst;
        let after = id > last_build;
        let here = |late: bool| if after || late { Place::After(id.0, 0) } else { Place::Before(id.0, 0) };
        match &inst.body {
            Body::Env(_) => match env_text(case, step, inst, &style, &read) {
                EnvText::Whole if after => lines.push((here(false), Line::Move { inst: id, text: None })),
                EnvText::Whole => lines.push((here(false), Line::Repeat { inst: id, text: None })),
                EnvText::Changed(text) => lines.push((here(false), Line::Repeat { inst: id, text: Some(text) })),
                EnvText::Nothing => dropped.push(case.source.slice(inst.content).to_string()),
            },
            Body::Workdir(_) => workdir = Some((id, after)),
            Body::User(_) if after => {
                let text = carried(case, step, inst, &read)?;
                lines.push((here(false), Line::Move { inst: id, text }));
            }
            Body::User(_) => {
                let last = case
                    .steps()
                    .filter(|(_, inst)| matches!(inst.body, Body::User(_)))
                    .map(|(step, _)| step.inst)
                    .last();
                if last == Some(id) {
                    let text = carried(case, step, inst, &read)?;
                    lines.push((here(false), Line::Repeat { inst: id, text }));
                }
            }
            Body::Label(_) | Body::Maintainer(_) | Body::StopSignal(_) | Body::Expose(_) => {
                let text = carried(case, step, inst, &read)?;
                lines.push((here(false), Line::Move { inst: id, text }));
            }
            Body::HealthcheckCmd { .. } => {
                lines.push((here(true), Line::Move { inst: id, text: health_text(parts, id, inst) }));
            }
            Body::Volume { .. } => {
                let text = carried(case, step, inst, &read)?;
                lines.push((here(true), Line::Move { inst: id, text }));
            }
            Body::HealthcheckNone(_) => {
                lines.push((here(true), Line::Move { inst: id, text: None }));
            }
            Body::Cmd(_) | Body::Entrypoint(_) => {
                lines.push((here(true), Line::Move { inst: id, text: command_text(parts, id, inst) }));
            }
            Body::Shell(_) if after && tier <= Tier::SameDistro => {
                lines.push((here(false), Line::Move { inst: id, text: None }));
            }
            Body::Shell(_) if tier <= Tier::SameDistro => {
                lines.push((here(false), Line::Repeat { inst: id, text: None }));
            }
            Body::Copy(_) if tier <= Tier::SameDistro => {
                let again = |found: &&Fetched| found.how == How::Again(id);
                let fetched = parts.choice.fetched.iter().find(again);
                if fetched.is_some_and(|found| !copies.iter().any(|copy| within(&found.path, &copy.to))) {
                    lines.push((Place::Before(id.0, 0), Line::Repeat { inst: id, text: None }));
                }
            }
            Body::Run(_) => {
                if let Some((_, text)) = runs.iter().find(|(inst, _)| *inst == id) {
                    let whole = *text == case.source.slice(inst.content);
                    let text = (!whole).then(|| text.clone());
                    lines.push((Place::Before(id.0, 0), Line::Repeat { inst: id, text }));
                }
            }
            _ => {}
        }
    }
    if let Some(line) = workdir_line(parts, workdir, &style) {
        let place = match workdir {
            Some((id, true)) => Place::After(id.0, 0),
            _ if owned_workdir => Place::After(last_build.0, 0),
            Some((id, false)) => Place::Before(id.0, 0),
            None => Place::Before(0, 0),
        };
        lines.push((place, line));
    }
    // The old base says who runs the program, and the file says nothing.
    let named = case.steps().any(|(_, inst)| matches!(inst.body, Body::User(_)));
    if let Some(user) = case.stage.config.user.as_deref().filter(|_| !named && !is_root(case)) {
        lines.push((Place::After(0, 0), Line::New(format!("{} {user}", style.keyword("USER")))));
    }
    for copy in &copies {
        lines.push((Place::Copies, Line::Copy(copy.clone())));
    }
    if let Some(text) = of_old_base_line(parts, &style) {
        lines.push((Place::First, Line::New(text)));
    }
    if tier <= Tier::SameDistro && copies.iter().any(|copy| super::paths::parent(&copy.to) == "/go/bin") {
        // The golang images look there first, and so may scripts.
        lines.push((Place::First, Line::New(format!("{} PATH=/go/bin:$PATH", style.keyword("ENV")))));
    }
    if tier <= Tier::SameDistro
        && let Some(text) = reruns::install(parts, &style)
    {
        // Behind what the file changes of the package sources, and behind the proxy that it sets.
        let behind = super::sources::last_simple(parts.effects).max(last_proxy(case));
        lines.push((behind.map_or(Place::First, |inst| Place::Before(inst.0, 1)), Line::New(text)));
    }
    check_sources(parts, &lines)?;
    // Nobody else may remove what the go command fetched as root.
    if is_root(case) && copies.iter().any(|copy| copy.from == "/go") {
        outline.tail = Some(format!("{} rm -rf /go/pkg", style.keyword("RUN")));
    }
    arguments(case, &mut lines, last_build);
    lines.sort_by_key(|(place, _)| *place);
    outline.lines = lines.into_iter().map(|(_, line)| line).collect();
    let copies = outline
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Copy(copy) => Some(copy.clone()),
            _ => None,
        })
        .collect();
    Ok(Laid { outline, copies, dropped, credentials })
}

/// The RUN instructions that the final stage has again, with their text there.
fn repeated(
    parts: &Parts<'_, '_>,
    copied: &[&str],
    owned_workdir: bool,
    style: &Style,
) -> Result<Vec<(InstId, String)>, Refusal> {
    let case = parts.case;
    let mut runs = Vec::new();
    if parts.choice.tier > Tier::SameDistro {
        return Ok(runs);
    }
    let mut workdir = false;
    for (step, inst) in case.steps() {
        workdir |= matches!(inst.body, Body::Workdir(_));
        if !matches!(inst.body, Body::Run(_)) {
            continue;
        }
        // Only the last WORKDIR is repeated, and behind a COPY that makes it with its owner.
        let same = !owned_workdir && workdir && step.workdir.as_deref() == Some(&case.workdir);
        match reruns::text(parts, step, copied, same, style)? {
            reruns::Rerun::Nothing => {}
            reruns::Rerun::Whole => runs.push((step.inst, case.source.slice(inst.content).to_string())),
            reruns::Rerun::Text(text) => runs.push((step.inst, text)),
        }
    }
    Ok(runs)
}

/// Packages of the final stage have to come from where the file has them from.
fn check_sources(parts: &Parts<'_, '_>, lines: &[(Place, Line)]) -> Result<(), Refusal> {
    let case = parts.case;
    let mut installs: Vec<InstId> = Vec::new();
    let mut added: Vec<String> = Vec::new();
    for (_, line) in lines {
        match line {
            Line::New(text) if super::sources::is_install(text) => added.extend(parts.choice.packages.iter().cloned()),
            Line::Repeat { inst, text } | Line::Move { inst, text } => {
                let run = case.file.get(*inst).filter(|inst| matches!(inst.body, Body::Run(_)));
                let written = run.map(|inst| case.source.slice(inst.content));
                if let Some(written) = written
                    && super::sources::is_install(text.as_deref().unwrap_or(written))
                {
                    installs.push(*inst);
                }
            }
            _ => {}
        }
    }
    super::sources::check(case, parts.ground, parts.effects, &installs, &added, parts.choice.tier)
}

/// The WORKDIR in force at the end, as the author wrote it where that is absolute.
fn workdir_line(parts: &Parts<'_, '_>, last: Option<(InstId, bool)>, style: &Style) -> Option<Line> {
    let case = parts.case;
    let Some((id, after)) = last else {
        // Every base but the golang images begins at the root.
        return (case.workdir != "/").then(|| Line::New(format!("{} {}", style.keyword("WORKDIR"), case.workdir)));
    };
    let inst = case.file.get(id)?;
    let Body::Workdir(word) = &inst.body else { return None };
    let plain = word.text.starts_with('/') && !word.text.contains('$');
    let keyword = &inst.name.text;
    let text = (!plain).then(|| format!("{keyword} {}", case.workdir));
    Some(if after { Line::Move { inst: id, text } } else { Line::Repeat { inst: id, text } })
}

/// The new text of CMD or ENTRYPOINT, where it has to change.
fn command_text(parts: &Parts<'_, '_>, id: InstId, inst: &Instruction) -> Option<String> {
    if let Some((changed, words)) = &parts.entry.exec_form
        && *changed == id
        && matches!(inst.command(), Some(Command::Shell(_)))
    {
        return Some(format!("{} {}", inst.name.text, json(words)));
    }
    None
}

/// The last ENV or ARG with a proxy that stands before every RUN.
fn last_proxy(case: &Case<'_>) -> Option<InstId> {
    let before = case.steps().take_while(|(_, inst)| !matches!(inst.body, Body::Run(_)));
    let sets = |inst: &Instruction| match &inst.body {
        Body::Env(pairs) => pairs.pairs.iter().any(|pair| is_proxy(&pair.key.text)),
        Body::Arg(pairs) => pairs.iter().any(|pair| is_proxy(&pair.key.text)),
        _ => false,
    };
    before.filter(|(_, inst)| sets(inst)).map(|(step, _)| step.inst).last()
}

/// HEALTHCHECK in exec form, where no shell is there to read it.
fn health_text(parts: &Parts<'_, '_>, id: InstId, inst: &Instruction) -> Option<String> {
    let (_, words) = parts.health_exec().filter(|(changed, _)| *changed == id)?;
    let Some(Command::Shell(span)) = inst.command() else { return None };
    let slice = |start, end| parts.case.source.slice(crate::text::Span::new(start, end));
    let (before, behind) = (slice(inst.content.start, span.start), slice(span.end, inst.content.end));
    Some(format!("{before}{}{behind}", json(words)))
}

/// ARG instructions that the final stage uses are repeated in front of the first use.
fn arguments(case: &Case<'_>, lines: &mut Vec<(Place, Line)>, last_build: InstId) {
    let mut used: Vec<String> = Vec::new();
    let mut installs = false;
    for (_, line) in lines.iter() {
        let text = match line {
            Line::Move { text: Some(text), .. } | Line::Repeat { text: Some(text), .. } | Line::New(text) => {
                text.clone()
            }
            Line::Move { inst, text: None } | Line::Repeat { inst, text: None } => {
                case.file.get(*inst).map_or(String::new(), |inst| case.source.slice(inst.content).to_string())
            }
            Line::Copy(_) => continue,
        };
        used.extend(variables(&text, case.file.escape));
        installs |= super::sources::is_install(&text);
    }
    for (step, inst) in case.steps() {
        let Body::Arg(pairs) = &inst.body else { continue };
        let wanted = |name: &str| used.iter().any(|used| used == name) || installs && is_read_by_installs(name);
        if !pairs.iter().any(|pair| wanted(&pair.key.text)) {
            continue;
        }
        let id = step.inst;
        let (place, line) = if id > last_build {
            (Place::After(id.0, 0), Line::Move { inst: id, text: None })
        } else {
            (Place::Before(id.0, 0), Line::Repeat { inst: id, text: None })
        };
        // The default of an ARG may name another one.
        for pair in pairs {
            if let Some(value) = &pair.value {
                used.extend(variables(&value.text, case.file.escape));
            }
        }
        lines.push((place, line));
    }
}

/// /etc/passwd and /etc/group where the final base would not know the user.
fn accounts(parts: &Parts<'_, '_>) -> Result<Vec<String>, Refusal> {
    let case = parts.case;
    if parts.choice.tier <= Tier::SameDistro {
        return Ok(Vec::new());
    }
    let user = case.stage.config.user.clone().unwrap_or_default();
    let names: Vec<&str> = user.split(':').filter(|part| !part.is_empty()).collect();
    let known = |name: &str| {
        name.chars().all(|letter| letter.is_ascii_digit())
            || matches!(name, "root" | "nobody") && parts.choice.tier == Tier::Distroless
    };
    let by_name = names.iter().any(|name| !known(name));
    let scratch = parts.choice.tier == Tier::Scratch;
    let wanted = parts.needs.accounts || (parts.needs.users.is_some() && scratch);
    let owned = owners(parts.effects).iter().any(|(_, owner)| owner.contains(|letter: char| letter.is_alphabetic()));
    if by_name && user.contains('$') {
        return Err(refuse(
            "unknown-user",
            case.base_span(),
            "the user is a variable without a value",
            "name the user, or give the variable a value: --build-arg NAME=VALUE (build-args: {NAME: VALUE})",
        ));
    }
    // The home of an account of the file is that of its number, too.
    let number = !is_root(case) && parts.effects.iter().any(|effect| matches!(effect.kind, Kind::Account));
    if by_name || wanted || (owned && !names.is_empty()) || number {
        return Ok(vec!["/etc/passwd".into(), "/etc/group".into()]);
    }
    Ok(Vec::new())
}

fn copies(parts: &Parts<'_, '_>) -> Result<Vec<StageCopy>, Refusal> {
    let case = parts.case;
    let tier = parts.choice.tier;
    let programs: Vec<String> = super::needs::shipped(parts.found).map(|built| built.path.clone()).collect();
    let mut copies: Vec<StageCopy> = Vec::new();
    let owners = owners(parts.effects);
    if tier == Tier::SameDistroTree {
        copies = whole(case, parts.effects, &programs)?;
    } else {
        let mut paths: Vec<String> = programs.clone();
        paths
            .extend(parts.needs.data.iter().filter(|(path, _)| is_there(parts, path)).map(|(path, _)| data_path(path)));
        paths.extend(parts.found.script.iter().cloned());
        let made = directories(parts);
        paths.extend(made.iter().cloned());
        paths.extend(fetched_programs(parts));
        let image = parts.image();
        let written = parts.needs.writable.iter().filter_map(|(path, _)| super::placed::owned_dir(&image, path));
        let written: Vec<(String, String)> = written.collect();
        paths.extend(written.iter().map(|(dir, _)| dir.clone()));
        let takes = !parts.needs.takes_paths.is_empty() && tier > Tier::SameDistro;
        let home = takes.then(|| super::accounts::fresh_home(parts)).flatten();
        paths.extend(home.clone());
        let all = paths.clone();
        paths.retain(|path| !all.iter().any(|other| other != path && within(path, other)));
        for path in paths {
            // COPY makes the directory that it names anew, as root and with the usual mode.
            let user = case.stage.config.user.clone();
            let chown = owner_of(&owners, &path).or(user.filter(|_| made.contains(&path) && opened(parts, &path)));
            let chown = chown.or_else(|| written.iter().find(|(dir, _)| *dir == path).map(|(_, owner)| owner.clone()));
            let chown = chown.or_else(|| case.stage.config.user.clone().filter(|_| home.as_ref() == Some(&path)));
            let of_build = programs.contains(&path);
            let chown = chown.or_else(|| super::placed::given_by_copy(case, &path).filter(|_| !of_build));
            let chown = chown.filter(|owner| !is_root(case) || is_known(parts, owner));
            let chmod = mode_of(parts, &path, &programs).filter(|_| is_root(case));
            // A link would dangle: the file that it leads to takes its place.
            let link = super::needs::shipped(parts.found).find(|built| built.path == path);
            let from = link.and_then(|built| built.link_to.clone()).unwrap_or_else(|| path.clone());
            // What the link leads to may be started by its own path as well.
            let target = (from != path && super::moved::is_named(case, &from)).then(|| from.clone());
            let target = target.map(|from| StageCopy { to: from.clone(), from, chown: None, chmod: None });
            let copy = StageCopy { from, to: path, chown, chmod };
            for copy in std::iter::once(copy).chain(target) {
                if !copies.contains(&copy) {
                    copies.push(copy);
                }
            }
        }
    }
    super::moved::into_path(parts, &mut copies);
    for found in parts.choice.fetched.iter().filter(|found| !matches!(found.how, How::Again(_))) {
        let known = copies.iter().any(|copy| within(&found.path, &copy.to));
        if !known && tier <= Tier::SameDistro {
            copies.push(StageCopy { from: found.path.clone(), to: found.path.clone(), chown: None, chmod: None });
        }
    }
    copies.extend(super::system::files(parts));
    Ok(copies)
}

/// An ENV of the file puts the directory into PATH, and the final stage has that ENV, too.
pub(super) fn stays_in_path(case: &Case<'_>, dir: &str) -> bool {
    let path = case.stage.config.env.iter().find(|(name, _)| name == "PATH").and_then(|(_, value)| value.clone());
    let there = path.is_some_and(|path| path.split(':').any(|part| part == dir));
    let named = case.steps().any(|(step, inst)| match &inst.body {
        Body::Env(pairs) => pairs.pairs.iter().filter(|pair| pair.key.text == "PATH").any(|pair| {
            let value = pair.value.as_ref().and_then(|value| expand(&value.text, case.file.escape, &step.env).ok());
            value.is_some_and(|value| value.split(':').any(|part| part == dir))
        }),
        _ => false,
    });
    there && named && !within(dir, "/go") && !within(dir, "/usr/local/go") && !dir.ends_with("/go/bin")
}

pub(super) fn is_root(case: &Case<'_>) -> bool {
    let user = case.stage.config.user.as_deref().unwrap_or("");
    matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0")
}

/// The final stage can tell who that is: it has the accounts that the file makes, or needs none.
fn is_known(parts: &Parts<'_, '_>, owner: &str) -> bool {
    let tier = parts.choice.tier;
    let number = |name: &str| name.chars().all(|letter| letter.is_ascii_digit());
    let of_base = |name: &str| tier == Tier::Distroless && matches!(name, "root" | "nobody");
    owner.split(':').all(|name| number(name) || of_base(name))
        || tier <= Tier::SameDistro && super::accounts::is_known(parts.case, parts.effects, owner)
}

/// The mode that COPY has to give a directory again. Programs and scripts are files, which keep theirs.
fn mode_of(parts: &Parts<'_, '_>, path: &str, programs: &[String]) -> Option<String> {
    let file = programs.iter().chain(&parts.found.script).any(|known| known == path);
    match super::modes::opened(parts.case, parts.effects, path).filter(|_| !file) {
        Some(Mode::Given(mode)) if !parts.case.tree().is_some_and(|tree| tree.is_file(path)) => Some(mode),
        _ => None,
    }
}

/// The directory of a pattern: `/app/templates/*.html` -> `/app/templates`.
pub(super) fn data_path(path: &str) -> String {
    let Some(at) = path.find(['*', '?', '[']) else { return path.to_string() };
    let dir = path.get(..at).and_then(|head| head.rfind('/')).and_then(|slash| path.get(..slash)).unwrap_or("");
    if dir.is_empty() { "/".to_string() } else { dir.to_string() }
}

/// True when the file or directory is in the builder; what the context does not have is mounted or made at run time.
pub(super) fn is_there(parts: &Parts<'_, '_>, path: &str) -> bool {
    matches!(parts.image().presence(&data_path(path)), Presence::Made(_))
}

/// Empty directories that the program expects: of VOLUME, of `mkdir` where it writes, of `chown`.
fn directories(parts: &Parts<'_, '_>) -> Vec<String> {
    let case = parts.case;
    let mut wanted: Vec<String> = parts.needs.writable.iter().map(|(path, _)| path.clone()).collect();
    wanted.extend(case.stage.config.volumes.iter().cloned());
    let mut found = Vec::new();
    for effect in parts.effects {
        let Kind::Make(paths) = &effect.kind else { continue };
        for made in paths {
            let path = &owned_parent(parts, made).unwrap_or_else(|| made.clone());
            let owned = (owner_of(&owners(parts.effects), path).is_some() || opened(parts, path)) && !is_root(case);
            // A path that is computed may lie in any of them.
            let temporary = path != "/tmp" && within(path, "/tmp") && parts.needs.temp_dir.is_some();
            let expected = parts.needs.writes_somewhere
                || temporary
                || wanted.iter().any(|want| within(want, path) || within(path, want));
            let cache = |path: &str| {
                super::placed::is_build_place(path)
                    && !temporary
                    && (!within(path, "/var/cache") || matches!(path, "/var/cache/apt" | "/var/cache/apk"))
            };
            let fresh = !is_system_dir(path) && *path != case.workdir && !cache(path);
            let gone = removed_later(case, parts.effects, effect.cmd.span.start, path);
            if fresh && (owned || expected) && !found.contains(path) && !effect.cmd.conditional && !gone {
                found.push(path.clone());
            }
        }
    }
    found
}

/// `mkdir -p /data/in && chown app /data`: the directory around it that gets the owner, or a mode of its own.
fn owned_parent(parts: &Parts<'_, '_>, made: &str) -> Option<String> {
    let modes = parts.effects.iter().flat_map(|effect| match &effect.kind {
        Kind::Mode(paths) => paths.clone(),
        _ => Vec::new(),
    });
    let given = owners(parts.effects).into_iter().map(|(dir, _)| dir).chain(modes);
    given
        .filter(|dir| within(made, dir) && !is_system_dir(dir) && super::paths::parent(dir) != "/home" && dir != "/go")
        .filter(|dir| {
            !parts.case.steps().any(|(step, _)| step.workdir.as_deref().is_some_and(|work| within(work, dir)))
        })
        .min_by_key(|dir| dir.len())
}

/// `chmod` on a directory lets others than root write to it.
fn opened(parts: &Parts<'_, '_>, path: &str) -> bool {
    parts
        .effects
        .iter()
        .any(|effect| matches!(&effect.kind, Kind::Mode(paths) if paths.iter().any(|dir| within(path, dir))))
}

/// Programs that a RUN fetched and that scripts or the health check start.
fn fetched_programs(parts: &Parts<'_, '_>) -> Vec<String> {
    let mut found = Vec::new();
    for effect in parts.effects {
        let Kind::Write(paths) = &effect.kind else { continue };
        for path in paths {
            let wanted = parts.needs.programs.iter().any(|(name, _)| super::paths::base_name(path) == name);
            if wanted && !found.contains(path) {
                found.push(path.clone());
            }
        }
    }
    found
}

/// A RUN leaves a program of that name where PATH looks, and it is copied.
pub(super) fn fetches(parts: &Parts<'_, '_>, name: &str) -> bool {
    let at = |path: &String| {
        super::paths::base_name(path) == name && super::paths::STANDARD_PATH.contains(&super::paths::parent(path))
    };
    fetched_programs(parts).iter().any(at)
        && parts
            .effects
            .iter()
            .any(|effect| !effect.cmd.conditional && matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(at)))
}
