//! What the running program wants, each thing with the place that shows it: data files, certificates, time zones,
//! users, other programs, a shell. How it is linked is in link.rs.

use super::artifacts::{Built, Found};
use super::case::Case;
use super::effects::Kind;
use super::entry::Entry;
use super::paths::{is_system_dir, join, within};
use super::presence::{Image, Presence};
use super::standing::reads_its_directory;
use super::toolchains::go::{Cgo, CgoKind, Need, NeedKind, Place, Program};
use crate::model::{Origin, expand, variables};
use crate::syntax::InstId;
use crate::text::Span;

/// Where a claim can be looked up: in the Dockerfile or in a file of the build context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub span: Option<Span>,
    pub file: Option<(String, u32)>,
}

/// A claim with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub text: String,
    pub shown: Shown,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// The sources of every program that ships were read.
    pub read: bool,
    /// Why the lists below may be incomplete.
    pub gaps: Vec<Claim>,
    /// Why the program may start others than those listed.
    pub program_gaps: Vec<Claim>,
    /// What packages of others may do beside that: not proved, and no reason for a larger base, as of modules that
    /// nobody has read.
    pub open: Vec<Claim>,
    /// The user says what is read at run time; the rest of the lists is not complete for that.
    pub stated: bool,
    /// A program reads paths that are computed: of its arguments and variables, say.
    pub reads_computed: bool,
    /// Modules whose sources were not there to be read.
    pub unread: Vec<String>,
    /// Those of them of which nothing is known.
    pub unknown: Vec<String>,
    /// Packages among them that open files by paths which nobody sees here.
    pub takes_paths: Vec<String>,
    /// Modules that were read in the user's module cache, with their versions.
    pub cached: Vec<String>,
    pub certificates: Option<Claim>,
    /// The program may log in at other machines with what lies in the home of a user.
    pub logs_in: Option<Claim>,
    /// They are named as the directory in which OpenSSL looks for files by their hashes.
    pub certificate_dir: Option<Claim>,
    pub time_zones: Option<Claim>,
    pub temp_dir: Option<Claim>,
    pub users: Option<Claim>,
    pub mime_types: Option<Claim>,
    pub services: Option<Claim>,
    /// Absolute paths of files and directories that it reads.
    pub data: Vec<(String, Claim)>,
    /// Files of the context that a program might read: no source, no note, nothing of a tool.
    pub left: Vec<String>,
    pub writable: Vec<(String, Claim)>,
    /// Symbolic links that have to be links in the final stage, too.
    pub links: Vec<(String, Claim)>,
    /// Programs that it starts, or that scripts and the health check start.
    pub programs: Vec<(String, Claim)>,
    /// Those of them that are looked up in PATH.
    pub by_name: Vec<String>,
    /// Directories that programs are started in which may read what lies there: with the program.
    pub around: Vec<(String, String, Claim)>,
    /// Those that are named by an absolute path: name and path.
    pub by_path: Vec<(String, String)>,
    pub shell: Option<Claim>,
    /// A health check in shell form that is plain words, and these.
    pub health_exec: Option<(InstId, Vec<String>)>,
    /// The program writes to a path that is computed.
    pub writes_somewhere: bool,
    /// The program reads symbols or debug information: nothing may be stripped.
    pub own_symbols: bool,
    /// Accounts are looked up that not every base has.
    pub accounts: bool,
    /// Names of environment variables that the program may read.
    pub variables: Vec<String>,
}

impl Needs {
    /// Everything that the programs read, start and call is in the lists.
    pub fn is_complete(&self) -> bool {
        self.read && self.gaps.is_empty() && self.program_gaps.is_empty()
    }

    /// A program that has to be there, by its name or its path.
    pub fn start(&mut self, name: &str, claim: Claim) {
        if !name.contains('/') {
            self.by_name.push(name.to_string());
        } else if name.starts_with('/') {
            self.by_path.push((super::paths::base_name(name).to_string(), name.to_string()));
        }
        self.programs.push((super::paths::base_name(name).to_string(), claim));
    }

    /// Modules of which nothing is known: not read, and not in the table.
    pub fn unknown(&self) -> Vec<&str> {
        self.unknown.iter().map(String::as_str).collect()
    }
}

impl Claim {
    pub fn new(text: impl Into<String>) -> Claim {
        Claim { text: text.into(), shown: Shown::default() }
    }

    pub fn at(text: impl Into<String>, span: Span) -> Claim {
        Claim { text: text.into(), shown: Shown { span: Some(span), file: None } }
    }

    /// ` (main.go:9)`, for messages whose span is in the Dockerfile.
    pub fn in_file(&self) -> String {
        self.shown.file.as_ref().map_or(String::new(), |(path, line)| format!(" ({path}:{line})"))
    }

    pub(super) fn of(need: &Need) -> Claim {
        Claim { text: need.why.clone(), shown: Shown { span: None, file: place(need.place.as_ref()) } }
    }
}

pub(super) fn place(place: Option<&Place>) -> Option<(String, u32)> {
    place.map(|place| (place.file.clone(), place.line))
}

/// Reads the sources of every program that ships.
pub(super) fn programs(case: &Case<'_>, entry: &Entry, found: &Found) -> Vec<Option<Program>> {
    shipped(found).map(|built| super::detect::analyse(case, built, &entry.workdir)).collect()
}

pub(super) fn shipped(found: &Found) -> impl Iterator<Item = &Built> {
    found.main.iter().chain(&found.others)
}

pub(super) fn collect(image: &Image<'_, '_>, entry: &Entry, found: &Found, programs: &[Option<Program>]) -> Needs {
    let case = image.case;
    let mut needs = Needs { read: !programs.is_empty(), ..Needs::default() };
    for (built, program) in shipped(found).zip(programs) {
        match program {
            Some(program) => {
                let go = built.build.and_then(|index| case.walk.builds.get(index));
                super::named::in_program(image, entry, program, go, &mut needs);
                add_program(image, entry, program, go.is_some_and(|go| go.cgo == Cgo::Off), &mut needs);
                super::others::add(image, entry, program, &mut needs);
                super::outside::loaded(program, &mut needs);
                needs.left.extend(program.data_left.iter().cloned());
                needs.takes_paths.extend(program.takes_paths.iter().cloned());
            }
            None => {
                needs.read = false;
                let text = if case.context.is_none() {
                    format!("without the build context the sources of {} are not known", built.path)
                } else if built.package_dir.is_none() {
                    format!("which sources {} is built from is not known", built.path)
                } else {
                    format!("the sources of {} were not found in the build context", built.path)
                };
                needs.gaps.push(Claim::at(text, built.span));
            }
        }
    }
    for untracked in case.walk.untracked.iter().filter(|found| needs.read && found.makes_go_files()) {
        if untracked.uses_files() {
            let text = format!("what the Go files read that `{}` makes is not known", untracked.what);
            needs.gaps.push(Claim::at(text, untracked.span));
            continue;
        }
        let text = format!("the Go files that `{}` makes read no files and start no programs", untracked.what);
        needs.open.push(Claim::at(text, untracked.span));
    }
    if case.options.stated.needs_shell == Some(false) {
        let own = |name: &str| shipped(found).any(|built| super::paths::base_name(&built.path) == name);
        let started = needs.programs.iter().filter(|(name, _)| !own(name)).map(|(_, claim)| claim);
        let said: Vec<Claim> = started
            .chain(&needs.shell)
            .map(|claim| Claim {
                text: format!("you state that it starts neither a shell nor another program, although {}", claim.text),
                ..claim.clone()
            })
            .collect();
        needs.shell = None;
        needs.program_gaps.clear();
        needs.open.retain(|claim| claim.text.contains(super::others::READS));
        needs.programs.clear();
        needs.by_name.clear();
        needs.around.clear();
        needs.by_path.clear();
        needs.open.extend(said);
    }
    let texts = [case.stage.config.entrypoint.as_ref(), case.stage.config.cmd.as_ref()].into_iter().flatten();
    for inst in texts.filter_map(|command| command.inst) {
        needs.variables.extend(variables(case.source.slice(case.content(inst)), case.file.escape));
    }
    if let Some((why, span)) = &entry.shell {
        // `sh` is in every base that has a shell.
        if why == "the command starts bash" && !needs.by_name.iter().any(|name| name == "bash") {
            needs.start("bash", Claim::at(why.clone(), *span));
        }
        needs.shell = Some(Claim::at(why.clone(), *span));
    }
    if let Some(path) = &found.script {
        super::scripts::entrypoint(image, entry, found, path, &mut needs);
    }
    for named in &found.foreign {
        let name = super::paths::base_name(&named.text).to_string();
        let claim = Claim::at(format!("the command starts {name}"), named.span);
        if reads_its_directory(&name, None) {
            needs.around.push((entry.workdir.clone(), name.clone(), claim.clone()));
        }
        if named.text.starts_with('/') {
            needs.by_path.push((name.clone(), named.text.clone()));
        }
        needs.programs.push((name, claim));
    }
    if let Some(span) = entry.elsewhere {
        needs.gaps.push(Claim::at("the program starts in another directory than WORKDIR says", span));
    }
    super::named::in_file(image, entry, &mut needs);
    if entry.shell.is_some() {
        let claim = |_: u32| Claim::at("the command names it", entry.span);
        let texts = [case.stage.config.entrypoint.as_ref(), case.stage.config.cmd.as_ref()].into_iter().flatten();
        for inst in texts.filter_map(|command| command.inst).filter(|inst| case.file.get(*inst).is_some()) {
            let text = case.source.slice(case.content(inst));
            super::words::carry(image, found, text, &[&entry.workdir], &claim, &mut needs);
        }
    }
    super::health::collect(image, entry, found, &mut needs);
    // Only the last HEALTHCHECK counts, and it may say NONE.
    for (text, span) in &entry.computed {
        needs.gaps.push(Claim::at(format!("what the command names is computed: {text}"), *span));
    }
    read_by_others(image, found, &mut needs);
    super::credentials::wanted(image, &mut needs);
    super::outside::copied(image, found, &mut needs);
    super::left::unused_by_build(image, found, &mut needs);
    super::outside::configured(image, &mut needs);
    super::outside::extensions(image, &mut needs);
    super::outside::locales(image, &mut needs);
    super::compose::composed(image, found, &mut needs);
    super::deployed::started(image, found, &mut needs);
    super::by_name::scripts(image, entry, found, &mut needs);
    super::by_name::prepared(image, &mut needs);
    super::by_name::installed_by_scripts(image, found, &mut needs);
    super::by_name::of_unread(image, &mut needs);
    super::standing::carry(image, found, &mut needs);
    super::carried::named(image, entry, &mut needs);
    super::outside::for_people(image, found, &mut needs);
    written_into(image, entry, &mut needs);
    super::system::changed_of_system(image, &mut needs);
    super::changed::carry(image, found, programs, &mut needs);
    super::system::zone_of_file(case, &mut needs);
    super::symlinks::settle(image, &mut needs);
    settle(image, &mut needs, true);
    stated(case, &mut needs);
    super::symlinks::settle(image, &mut needs);
    // What the user names is taken at his word: only what the COPY has to name is looked up.
    settle(image, &mut needs, false);
    needs
}

/// Files that are read get the path that a COPY names; of those that may or may not be there, nothing is proved.
fn settle(image: &Image<'_, '_>, needs: &mut Needs, gaps: bool) {
    let mut open = Vec::new();
    for (path, claim) in &mut needs.data {
        match image.presence(&super::layout::data_path(path)) {
            Presence::Made(made) if !within(&made, path) && !path.contains(['*', '?', '[']) => *path = made,
            Presence::Perhaps(why) if gaps => {
                let text = format!("{}, which is read: {}{}", why.text, claim.text, claim.in_file());
                open.push(Claim { text, ..why });
            }
            _ => {}
        }
    }
    for claim in open {
        if !needs.gaps.contains(&claim) {
            needs.gaps.push(claim);
        }
    }
}

/// A program writes to a file: the directory that it lies in has to be there, too.
fn written_into(image: &Image<'_, '_>, entry: &Entry, needs: &mut Needs) {
    let case = image.case;
    let mut found = Vec::new();
    for (path, claim) in &needs.writable {
        // A database may be filled by a RUN; what `os` opens for writing is begun anew or grows.
        let opened = claim.text.contains('(') && !claim.text.starts_with("os.") && !claim.text.starts_with("ioutil.");
        if opened && !is_system_dir(path) {
            match image.presence(path) {
                Presence::Made(made) => found.push((Ok(made), claim.clone())),
                Presence::Perhaps(why) => {
                    let text = format!("{}, which is opened: {}{}", why.text, claim.text, claim.in_file());
                    found.push((Err(Claim { text, ..why }), claim.clone()));
                }
                _ => {}
            }
        }
        let dir = super::paths::parent(path);
        // Every base has these, WORKDIR makes the other; and a program that makes a directory needs only its parent.
        let own = needs.writable.iter().any(|(other, _)| within(dir, other));
        if own || is_system_dir(dir) || within(&entry.workdir, dir) || within(dir, "/go") && dir != case.workdir {
            continue;
        }
        let claim = Claim { text: format!("{dir} is written into: {}", claim.text), ..claim.clone() };
        match image.presence(dir) {
            Presence::Made(made) if case.tree().is_some_and(|tree| tree.under(dir).next().is_some()) => {
                found.push((Ok(made), claim));
            }
            Presence::Perhaps(why) => {
                found.push((Err(Claim { text: format!("{}; {}", why.text, claim.text), ..why }), claim));
            }
            _ => {}
        }
    }
    for (made, claim) in found {
        match made {
            Ok(dir) => needs.data.push((dir, claim)),
            Err(gap) => needs.gaps.push(gap),
        }
    }
}

/// Programs that read no files beside those that their arguments name.
pub(super) const PLAIN_PROGRAMS: &[&str] =
    &["bash", "catatonit", "curl", "dumb-init", "gosu", "jq", "nc", "su-exec", "tini", "wget"];

/// nginx reads what `COPY nginx.conf /etc/nginx/` brought, and no source says so: beside programs of others, what the
/// file put outside of the working directory stays.
fn read_by_others(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let own = |name: &str| shipped(found).any(|built| super::paths::base_name(&built.path) == name);
    let other = needs.programs.iter().find(|(name, _)| {
        !own(name) && !PLAIN_PROGRAMS.contains(&name.as_str()) && !super::packages::is_of_every_base(name)
    });
    let Some((name, claim)) = other.cloned() else { return };
    let text = format!("{name} may read it: {}", claim.text);
    let source = |path: &str| path.ends_with(".go") || path.ends_with("/go.mod") || path.ends_with("/go.sum");
    let wanted = |path: &str| {
        !within(path, &case.workdir)
            && !is_system_dir(path)
            && !super::sources::is_source(path)
            && !source(path)
            && !super::placed::is_build_place(path)
            && !within(path, "/go")
            && !shipped(found).any(|built| within(&built.path, path))
            && found.script.as_deref() != Some(path)
            && super::paths::base_name(path) != name
    };
    let mut paths: Vec<String> = Vec::new();
    for (step, inst) in case.steps() {
        match super::placed::of_transfer(case, step, inst) {
            Ok(placed) => paths.extend(placed.into_iter().map(|placed| placed.path)),
            Err(refusal) => needs.gaps.push(Claim::at(refusal.message, refusal.span)),
        }
    }
    const OF_GIT: &[&str] = &["gh", "git", "git-lfs", "glab", "hub", "tig"];
    let git = needs.programs.iter().any(|(name, _)| OF_GIT.contains(&name.as_str()));
    for effect in image.effects {
        let configures = matches!(effect.cmd.name.text.as_str(), "git" | "git-lfs");
        match &effect.kind {
            Kind::Write(_) if configures && !git => {}
            Kind::Write(written) if !super::placed::is_rerun(effect) => paths.extend(written.iter().cloned()),
            // `git config --global --edit`: what it writes is not told by its words.
            Kind::Build if git && configures && effect.cmd.has_flag(&["--global", "--system"]) => {
                let text = format!("git reads the configuration that this sets: {}", claim.text);
                needs.gaps.push(Claim::at(text, effect.cmd.span));
            }
            _ => {}
        }
    }
    paths.retain(|path| wanted(path) && matches!(image.presence(path), Presence::Made(_) | Presence::Perhaps(_)));
    needs.data.extend(paths.into_iter().map(|path| (path, Claim { text: text.clone(), ..claim.clone() })));
}

fn add_program(image: &Image<'_, '_>, entry: &Entry, program: &Program, cgo_off: bool, needs: &mut Needs) {
    for (text, place) in program.c_code.iter().filter(|_| !cgo_off) {
        let file = self::place(Some(place));
        needs.gaps.push(Claim { text: text.clone(), shown: Shown { span: None, file } });
    }
    if needs.logs_in.is_none() {
        needs.logs_in = super::credentials::logs_in(program);
    }
    needs.own_symbols |= program.own_symbols;
    needs.variables.extend(program.variables.iter().cloned());
    for gap in &program.gaps {
        needs.gaps.push(Claim::new(gap.clone()));
    }
    for evidence in program.cgo.iter().filter(|evidence| evidence.kind == CgoKind::Plugin) {
        needs.gaps.push(super::link::claim_cgo(evidence));
    }
    for module in &program.unread {
        if !needs.unread.contains(module) {
            needs.unread.push(module.clone());
        }
    }
    for module in &program.unknown {
        if !needs.unknown.contains(module) {
            needs.unknown.push(module.clone());
        }
    }
    for module in &program.cached {
        if !needs.cached.contains(module) {
            needs.cached.push(module.clone());
        }
    }
    for need in &program.needs {
        let claim = Claim::of(need);
        let slot = match &need.kind {
            NeedKind::CaCertificates => &mut needs.certificates,
            NeedKind::TimeZones => &mut needs.time_zones,
            NeedKind::TempDir => &mut needs.temp_dir,
            NeedKind::MimeTypes => &mut needs.mime_types,
            NeedKind::Services => &mut needs.services,
            NeedKind::Shell => &mut needs.shell,
            NeedKind::Accounts => {
                needs.accounts = true;
                continue;
            }
            NeedKind::DataFile(path) if lists_the_base(&join(&entry.workdir, path), &need.why) => {
                let path = super::layout::data_path(&join(&entry.workdir, path));
                let text = format!("the program sees what the old base has in {path}: {}", claim.text);
                needs.gaps.push(Claim { text, shown: claim.shown });
                continue;
            }
            NeedKind::MayRead(text) => {
                needs.gaps.push(Claim { text: text.clone(), shown: claim.shown });
                continue;
            }
            NeedKind::Here(name) => {
                needs.around.push((entry.workdir.clone(), name.clone(), claim));
                continue;
            }
            NeedKind::MayStart(text) => {
                needs.program_gaps.push(Claim { text: text.clone(), shown: claim.shown });
                continue;
            }
            NeedKind::Perhaps(name, text) => {
                let claim = Claim { text: text.clone(), ..claim };
                match super::others::is_brought(image, name) {
                    true => needs.start(name, claim),
                    false => needs.open.push(Claim { text: format!("{name} is not wanted: {text}"), ..claim }),
                }
                continue;
            }
            // Whose home that is says USER; what COPY put there comes along.
            NeedKind::DataFile(path) if path.starts_with("~/") => {
                let root = matches!(image.case.stage.config.user.as_deref(), None | Some("root" | "0"));
                if root {
                    needs.data.push((path.replacen('~', "/root", 1), claim));
                } else {
                    needs.gaps.push(Claim { text: format!("{path} is of the user's home: {}", claim.text), ..claim });
                }
                continue;
            }
            // viper fills in variables of the environment.
            NeedKind::DataFile(path) if path.contains('$') && need.why.starts_with("viper.") => {
                match filled_in(image, path) {
                    Some(path) => needs.data.push((join(&entry.workdir, &path), claim)),
                    None => {
                        let text = format!("what the variables of {path} stand for is not known: {}", claim.text);
                        needs.gaps.push(Claim { text, ..claim });
                    }
                }
                continue;
            }
            NeedKind::DataFile(path) => {
                needs.data.push((join(&entry.workdir, path), claim));
                continue;
            }
            NeedKind::WritablePath(path) => {
                needs.writable.push((join(&entry.workdir, path), claim));
                continue;
            }
            NeedKind::Program(name) if super::named::is_file_of(image, &join(&entry.workdir, name)) => {
                // A script or a program of the sources; a shell may have to run it.
                let path = join(&entry.workdir, name);
                let text = format!("what {path} starts and reads is not known: {}", claim.text);
                needs.program_gaps.push(Claim { text, ..claim.clone() });
                needs.shell.get_or_insert(claim.clone());
                needs.data.push((path, claim));
                continue;
            }
            // One of several that it may be.
            NeedKind::Program(name)
                if need.argument.is_some() && !known_program(image, super::paths::base_name(name)) =>
            {
                let text = format!("where {name} comes from, which it may start, is not known: {}", claim.text);
                needs.program_gaps.push(Claim { text, ..claim });
                continue;
            }
            NeedKind::Program(name) => {
                needs.start(name, claim);
                continue;
            }
            NeedKind::Users => {
                // Only root has the same name in every base.
                let user = image.case.stage.config.user.as_deref().unwrap_or("");
                needs.accounts |= !matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0");
                &mut needs.users
            }
            NeedKind::Unknown(what) => {
                let text = format!("{what} is computed: {}", claim.text);
                let gaps = if what.contains("exec.") { &mut needs.program_gaps } else { &mut needs.gaps };
                gaps.push(Claim { text, shown: claim.shown });
                continue;
            }
        };
        slot.get_or_insert(claim);
    }
    needs.writes_somewhere |= program.writes_somewhere;
}

/// A package is known to bring it, or the file does.
fn known_program(image: &Image<'_, '_>, name: &str) -> bool {
    let alpine = image.ground.is_some_and(super::releases::Ground::alpine);
    super::packages::provider(name, alpine) != super::packages::Provided::Unknown
        || super::others::is_brought(image, name)
}

/// The path with the variables that the file itself sets; the old base's are gone.
fn filled_in(image: &Image<'_, '_>, path: &str) -> Option<String> {
    let env = &image.case.stage.steps.last()?.env;
    let own = |name: &str| env.get(name).is_some_and(|found| matches!(found.origin, Origin::Env(_)));
    if path.contains(['"', '\'']) || !variables(path, '\\').iter().all(|name| own(name)) {
        return None;
    }
    expand(path, '\\', env).ok()
}

/// A directory that comes with the base, or a pattern in it. viper only looks there for files of its own name.
pub(super) fn lists_the_base(path: &str, why: &str) -> bool {
    let dir = super::layout::data_path(path);
    let pattern = dir != path;
    let given = ["/dev", "/proc", "/run", "/sys", "/tmp", "/var/run", "/var/tmp"].contains(&dir.as_str());
    is_system_dir(&dir) && !given && !(pattern && why.starts_with("viper."))
}

pub(super) const STATED_FILE: &str = "you state that the program reads it";

fn stated(case: &Case<'_>, needs: &mut Needs) {
    let stated = &case.options.stated;
    if let Some(files) = &stated.runtime_files {
        needs.gaps.clear();
        needs.open.retain(|claim| !claim.text.contains(super::others::READS));
        needs.stated = !needs.read;
        needs.read = true;
        for file in files {
            needs.data.push((join(&case.workdir, file), Claim::new(STATED_FILE)));
        }
    }
    if stated.needs_shell == Some(true) {
        needs.shell.get_or_insert(Claim::new("you state that it needs a shell"));
    }
    let mut seen: Vec<String> = Vec::new();
    needs.data.retain(|(path, _)| {
        let new = !seen.iter().any(|other| within(path, other));
        if new {
            seen.push(path.clone());
        }
        new
    });
}
