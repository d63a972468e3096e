//! What a RUN leaves in its layer, and what a later one takes away or changes, as far as plain commands tell.

use super::caches::{braces, covers, subcommand};
use super::{Run, absolute, directory, inside, normal};
use crate::model::Step;
use crate::shell::ShellCommand;
use crate::text::Span;

/// Something of weight that a command puts into the layer.
#[derive(Clone, Debug)]
pub struct Made {
    pub what: Thing,
    /// The command.
    pub span: Span,
}

/// Something that a command takes away or writes a second time.
#[derive(Clone, Debug)]
pub struct Touched {
    pub what: Thing,
    pub how: How,
    /// All below the path too.
    pub tree: bool,
    /// The command.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Deleted,
    /// Renamed: the file is stored again under its new name.
    Moved,
    /// Mode or owner: the file system stores the whole file again.
    Changed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// An absolute path, of a file or a tree; when deleted it may hold wildcards.
    Path(String),
    /// Packages of a manager, by name.
    Packages { manager: &'static str, names: Vec<String> },
}

impl Thing {
    /// What a package manager leaves, which a rule for each of them reports where it is left.
    pub fn is_managers_cache(&self) -> bool {
        let caches = ["/root/.npm", "/var/cache/dnf", "/var/cache/yum", "/var/lib/apt/lists"];
        matches!(self, Thing::Path(path) if caches.contains(&path.as_str()))
    }
}

/// What is in the layer of the RUN when it is over.
pub fn made(run: &Run<'_>) -> Vec<Made> {
    let mut found: Vec<Made> = Vec::new();
    for cmd in run.script.commands.iter().filter(|cmd| !cmd.opaque && !cmd.conditional) {
        let touched = touched_by(run.step, cmd);
        found.retain(|made| !touched.iter().any(|touched| touched.how != How::Changed && hits(touched, &made.what)));
        for what in made_by(run, cmd) {
            found.push(Made { what, span: cmd.span });
        }
    }
    found.retain(|made| !matches!(&made.what, Thing::Path(path) if run.mounted(path)));
    found
}

/// What the RUN takes away or changes of earlier layers: not what it made itself before, such as the cache of its own
/// package manager.
pub fn touched_before(run: &Run<'_>) -> Vec<Touched> {
    let mut own: Vec<Thing> = Vec::new();
    let mut found = Vec::new();
    for cmd in run.script.commands.iter().filter(|cmd| !cmd.opaque) {
        found.extend(
            touched_by(run.step, cmd).into_iter().filter(|touched| !own.iter().any(|made| hits(touched, made))),
        );
        own.extend(made_by(run, cmd));
    }
    found
}

/// `touched` takes away or changes all or part of what was made.
pub fn hits(touched: &Touched, made: &Thing) -> bool {
    match (&touched.what, made) {
        (Thing::Path(pattern), Thing::Path(path)) => match touched.how {
            How::Deleted | How::Moved => braces(pattern).iter().any(|pattern| covers(pattern, path)),
            How::Changed if touched.tree => inside(path, pattern),
            How::Changed => path == pattern,
        },
        (Thing::Packages { manager, names }, Thing::Packages { manager: other, names: made }) => {
            manager == other && names.iter().any(|name| made.contains(name))
        }
        _ => false,
    }
}

/// Endings of files that weigh next to nothing.
const LIGHT: &[&str] = &[
    ".asc", ".conf", ".gpg", ".json", ".key", ".list", ".md5", ".repo", ".sh", ".sha256", ".sha512", ".sig", ".txt",
    ".yaml", ".yml",
];

/// Endings of files that weigh something.
pub const HEAVY: &[&str] = &[
    ".7z", ".apk", ".bin", ".bz2", ".deb", ".dmg", ".ear", ".exe", ".gz", ".iso", ".jar", ".msi", ".rpm", ".run",
    ".so", ".tar", ".tgz", ".war", ".whl", ".xz", ".zip", ".zst",
];

/// An archive, or a program where programs stand.
fn is_heavy(path: &str) -> bool {
    HEAVY.iter().any(|ending| path.ends_with(ending)) || path.contains("/bin/")
}

pub fn is_light(path: &str) -> bool {
    LIGHT.iter().any(|ending| path.ends_with(ending))
}

fn made_by(run: &Run<'_>, cmd: &ShellCommand) -> Vec<Thing> {
    let step = run.step;
    let path =
        |word| absolute(step, cmd, word).filter(|path: &String| !is_light(path) && !path.contains(['*', '?', '[']));
    let mut found: Vec<Option<String>> = Vec::new();
    match cmd.name.text.as_str() {
        "wget" => found.push(download(step, cmd, &["-O", "--output-document"], true)),
        "curl" => {
            found.push(download(step, cmd, &["-o", "--output"], cmd.has_short('O') || cmd.has_flag(&["--remote-name"])))
        }
        "git" if subcommand(cmd) == Some("clone") => found.push(cloned(step, cmd)),
        "apt-get" | "apt" if subcommand(cmd) == Some("update") => found.push(Some("/var/lib/apt/lists".into())),
        "npm" if matches!(subcommand(cmd), Some("install" | "i" | "ci")) && !global(cmd) => {
            found.extend([under(step, cmd, "node_modules"), Some("/root/.npm".into())]);
        }
        "yarn" if matches!(subcommand(cmd), None | Some("install")) => found.push(under(step, cmd, "node_modules")),
        "pnpm" if matches!(subcommand(cmd), Some("install" | "i")) => found.push(under(step, cmd, "node_modules")),
        "yum" | "dnf" | "microdnf"
            if subcommand(cmd).is_some_and(|verb| verb.contains("install") || verb == "update") =>
        {
            found.extend(["/var/cache/yum", "/var/cache/dnf"].map(|path| Some(path.to_string())));
        }
        "cp" | "mv" | "install" => found.push(copied(step, cmd).filter(|path| is_heavy(path))),
        "tar" | "bsdtar" => found.push(unpacked(step, cmd, &["-C", "--directory"])),
        "unzip" => found.push(unpacked(step, cmd, &["-d"])),
        _ => {}
    }
    for redirect in cmd.redirects.iter().filter(|redirect| redirect.operator == ">") {
        // Only what is fetched is of weight; `echo x > file` is not.
        if matches!(cmd.name.text.as_str(), "curl" | "wget") {
            found.push(path(&redirect.target));
        }
    }
    let mut things: Vec<Thing> = found
        .into_iter()
        .flatten()
        .filter(|path| !is_light(path) && !path.starts_with("/dev/"))
        .map(Thing::Path)
        .collect();
    for install in run.step.installs.iter() {
        let same = run.script.commands.get(install.command).is_some_and(|other| other.span == cmd.span);
        if let Some(manager) = manager_name(&cmd.name.text).filter(|_| same) {
            let mut names: Vec<String> = install.packages.iter().map(|package| package.name.clone()).collect();
            names.extend(virtual_name(cmd));
            things.push(Thing::Packages { manager, names });
        }
    }
    things
}

fn touched_by(step: &Step, cmd: &ShellCommand) -> Vec<Touched> {
    let words = || cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
    let paths = |how: How, skip: usize| -> Vec<Touched> {
        words()
            .skip(skip)
            .filter_map(|word| absolute(step, cmd, word))
            .filter(|path| path != "/")
            .map(|path| Touched { what: Thing::Path(path), how, tree: true, span: cmd.span })
            .collect()
    };
    let dirs = |dirs: &[&str]| -> Vec<Touched> {
        let deleted =
            |dir: &&str| Touched { what: Thing::Path(dir.to_string()), how: How::Deleted, tree: true, span: cmd.span };
        dirs.iter().map(deleted).collect()
    };
    let recursive = cmd.has_short('R') || cmd.has_flag(&["--recursive"]);
    let verb = subcommand(cmd);
    match cmd.name.text.as_str() {
        "rm" | "unlink" => paths(How::Deleted, 0),
        "mv" => {
            let sources = words().count().saturating_sub(1);
            let mut moved = paths(How::Moved, 0);
            moved.truncate(sources);
            moved
        }
        "chmod" | "chown" | "chgrp" => {
            let mut changed = paths(How::Changed, 1);
            // Without -R only the path itself is written again, which weighs something when it is a file.
            changed.iter_mut().for_each(|touched| touched.tree = recursive);
            changed
        }
        "dnf" | "yum" | "microdnf" if verb == Some("clean") => dirs(&["/var/cache/dnf", "/var/cache/yum"]),
        "npm"
            if verb == Some("cache")
                && words().nth(1).is_some_and(|verb| matches!(verb.text.as_str(), "clean" | "clear" | "rm")) =>
        {
            dirs(&["/root/.npm"])
        }
        "npm" | "pnpm" if verb == Some("prune") => {
            let modules = directory(step, cmd).map(|dir| normal(&format!("{dir}/node_modules")));
            modules.map_or_else(Vec::new, |path| dirs(&[path.as_str()]))
        }
        "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf"
            if matches!(verb, Some("purge" | "remove" | "autoremove" | "del" | "erase")) =>
        {
            let names = words().skip(1).map(|word| word.text.clone()).collect();
            let manager = manager_name(&cmd.name.text).unwrap_or("apt");
            vec![Touched { what: Thing::Packages { manager, names }, how: How::Deleted, tree: true, span: cmd.span }]
        }
        _ => Vec::new(),
    }
}

fn manager_name(program: &str) -> Option<&'static str> {
    match program {
        "apt-get" | "apt" | "aptitude" => Some("apt"),
        "apk" => Some("apk"),
        "dnf" | "yum" | "microdnf" => Some("dnf"),
        _ => None,
    }
}

/// The name after `apk add --virtual`.
fn virtual_name(cmd: &ShellCommand) -> Option<String> {
    cmd.flag_value("--virtual").or_else(|| cmd.flag_value("-t"))
}

fn global(cmd: &ShellCommand) -> bool {
    cmd.has_flag(&["--global", "--location"]) || cmd.has_short('g')
}

fn under(step: &Step, cmd: &ShellCommand, name: &str) -> Option<String> {
    Some(normal(&format!("{}/{name}", directory(step, cmd)?)))
}

/// Where curl and wget write: the flag's value, else the last part of the URL.
fn download(step: &Step, cmd: &ShellCommand, flags: &[&str], by_url: bool) -> Option<String> {
    for (index, arg) in cmd.args.iter().enumerate() {
        // `-qO-`, `-O -` print.
        let bundled = flags.first().and_then(|flag| flag.chars().nth(1)).filter(|letter| {
            arg.text.len() > 1
                && arg.text.starts_with('-')
                && !arg.text.starts_with("--")
                && arg.text.ends_with(*letter)
        });
        if flags.contains(&arg.text.as_str()) || bundled.is_some() {
            let target = cmd.args.get(index + 1)?;
            return (target.text != "-").then(|| absolute(step, cmd, target)).flatten();
        }
        if let Some(name) = flags.iter().find_map(|flag| arg.text.strip_prefix(flag)?.strip_prefix('=')) {
            let word = crate::shell::ShellWord { text: name.to_string(), ..arg.clone() };
            return absolute(step, cmd, &word);
        }
        if arg.text.ends_with("O-") || arg.text.starts_with("-O") {
            return None;
        }
    }
    if !by_url || cmd.has_flag(&["-P", "--directory-prefix", "-i", "--input-file", "-r", "--recursive", "--output-dir"])
    {
        return None;
    }
    let url = cmd.args.iter().filter_map(|arg| super::expanded(step, arg)).find(|text| text.contains("://"))?;
    let name = url.split(['?', '#']).next()?.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(normal(&format!("{}/{name}", directory(step, cmd)?)))
}

/// The directory that an archive is unpacked into, when the command says so.
fn unpacked(step: &Step, cmd: &ShellCommand, flags: &[&str]) -> Option<String> {
    let makes = cmd.has_flag(&["--create", "-c", "--list"])
        || cmd.args.first().is_some_and(|first| {
            cmd.name.text != "unzip" && first.text.trim_start_matches('-').starts_with(['c', 't'])
        });
    let at = cmd.args.iter().position(|arg| flags.contains(&arg.text.as_str()))?;
    let dir = absolute(step, cmd, cmd.args.get(at + 1)?)?;
    // Directories of the system hold much else.
    let shared = [
        "/",
        "/usr",
        "/usr/local",
        "/opt",
        "/tmp",
        "/usr/local/bin",
        "/usr/bin",
        "/etc",
        "/root",
        "/home",
        "/srv",
        "/var",
    ];
    (!makes && !shared.contains(&dir.as_str())).then_some(dir)
}

/// Where `git clone` writes.
fn cloned(step: &Step, cmd: &ShellCommand) -> Option<String> {
    let taking = ["-b", "--branch", "--depth", "-c", "--config", "-o", "--origin", "-j", "--jobs", "--filter", "-C"];
    let mut words = Vec::new();
    let mut args = cmd.args.iter();
    while let Some(arg) = args.next() {
        if taking.contains(&arg.text.as_str()) {
            args.next();
        } else if !arg.text.starts_with('-') {
            words.push(arg);
        }
    }
    // The first is `clone`.
    match words.get(1..)? {
        [_, dir] => absolute(step, cmd, dir),
        [url] => {
            let url = super::expanded(step, url)?;
            let name = url.trim_end_matches('/').rsplit(['/', ':']).next()?.trim_end_matches(".git").to_string();
            Some(normal(&format!("{}/{name}", directory(step, cmd)?)))
        }
        _ => None,
    }
}

/// The destination of `cp a b` with a file name of its own; a directory gets the name of the source.
fn copied(step: &Step, cmd: &ShellCommand) -> Option<String> {
    let words: Vec<_> = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let [source, dest] = words.as_slice() else { return None };
    let to = absolute(step, cmd, dest)?;
    if dest.text.ends_with('/') {
        let name = absolute(step, cmd, source)?.rsplit('/').next()?.to_string();
        return Some(normal(&format!("{to}/{name}")));
    }
    Some(to)
}
