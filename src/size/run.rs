//! What a RUN leaves in its layer, as far as its commands tell.

use super::files::{self, Placed, absolute, directory, inside};
use super::layers::{Around, Ground};
use super::{Kind, Part};
use crate::context::tree::join;
use crate::diagnostic::{Basis, Cost, Size};
use crate::model::{self, Step};
use crate::shell::{Script, ShellCommand};

/// Something that a command of the RUN made.
pub(super) struct Made {
    pub part: Part,
    /// Where it lies; whoever deletes that, deletes it.
    pub path: Option<String>,
    /// `path` is a directory, the name in it is not known.
    pub somewhere: bool,
}

impl Made {
    pub fn new(part: Part, path: Option<String>) -> Made {
        Made { part, path, somewhere: false }
    }
}

/// One `apt-get install`.
pub(super) struct AptInstall {
    pub names: Vec<String>,
    pub lean: bool,
    pub conditional: bool,
}

/// A RUN while its commands are walked.
pub(super) struct Run<'a, 'g> {
    pub around: &'a Around<'a>,
    pub step: &'a Step,
    pub script: &'a Script,
    pub ground: &'g mut Ground,
    pub made: Vec<Made>,
    pub apt: Vec<AptInstall>,
    /// Packages that the RUN removes again.
    pub purged: Vec<String>,
    /// What was installed for them goes too.
    pub autoremove: bool,
}

pub(super) fn parts<'a>(around: &'a Around<'a>, step: &'a Step, ground: &mut Ground) -> Vec<Part> {
    let Some(script) = &step.script else { return vec![Part::unknown("a RUN that cannot be read")] };
    let mut run =
        Run { around, step, script, ground, made: Vec::new(), apt: Vec::new(), purged: Vec::new(), autoremove: false };
    for (index, cmd) in script.commands.iter().enumerate() {
        run.removed_by(cmd);
        let first = run.made.len();
        run.command(index, cmd);
        if cmd.conditional {
            run.made.iter_mut().skip(first).for_each(|made| perhaps(&mut made.part));
        }
    }
    if script.opaque.is_some() {
        let what = if script.commands.is_empty() { "what this RUN does" } else { "a part of this RUN" };
        run.add(Part::unknown(format!("{what}, which is no plain shell")), None);
    }
    run.finish_apt();
    let made = std::mem::take(&mut run.made);
    settle(step, ground, made)
}

/// Takes what is mounted away, remembers what lies where, and puts the unknown commands of the RUN together.
fn settle(step: &Step, ground: &mut Ground, made: Vec<Made>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for Made { part, path, somewhere } in made {
        if path.as_deref().is_some_and(|path| step.is_mounted(path)) {
            continue;
        }
        if let Some(key) = part.key {
            ground.left.push(key);
        }
        // A copy is a new file; new mode or owner is that of one which is known already.
        let known =
            |path: &String| ground.placed.iter().any(|placed| inside(&placed.path, path) || inside(path, &placed.path));
        if let Some(path) = path.filter(|path| part.kind != Kind::Again || !known(path)) {
            ground.placed.push(Placed { path, cost: part.cost, compressed: part.compressed, context: None, somewhere });
        }
        if part.kind == Kind::Unknown && part.cost.is_none() {
            if !unknown.contains(&part.what) {
                unknown.push(part.what);
            }
        } else {
            parts.push(part);
        }
    }
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(4);
        unknown.truncate(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(Part::unknown(format!("{}{more}", unknown.join(", "))));
    }
    parts
}

/// Nobody knows whether it happens.
fn perhaps(part: &mut Part) {
    if let Some(cost) = &mut part.cost {
        cost.size.low = 0;
        cost.basis = Basis::Estimated;
    }
}

impl Run<'_, '_> {
    pub fn add(&mut self, part: Part, path: Option<String>) {
        self.made.push(Made::new(part, path));
    }

    /// A known left-over, unless an earlier layer has it already or it is mounted.
    pub fn leave(&mut self, what: &str, key: &'static str, path: &str) {
        let again = self.ground.left.contains(&key) || self.made.iter().any(|made| made.part.key == Some(key));
        if !again && !self.step.is_mounted(path) {
            self.add(Part::row(Kind::Leftover, what, key), Some(path.to_string()));
        }
    }

    /// The home directory of whoever runs it.
    pub fn home(&self) -> String {
        match self.step.env.value("HOME") {
            Some(home) => home.to_string(),
            None => "/root".to_string(),
        }
    }

    fn removed_by(&mut self, cmd: &ShellCommand) {
        if matches!(cmd.name.text.as_str(), "rm" | "find" | "unlink") || model::call(cmd).is_some() {
            let dialect = self.script.dialect;
            let gone = |path: &Option<String>| {
                path.as_deref().is_some_and(|path| model::removes(cmd, path, dialect) || named_by(self.step, cmd, path))
            };
            if cmd.conditional {
                self.made.iter_mut().filter(|made| gone(&made.path)).for_each(|made| perhaps(&mut made.part));
            } else {
                self.made.retain(|made| !gone(&made.path));
                self.ground.placed.retain(|placed| !gone(&Some(placed.path.clone())));
            }
        }
    }

    fn command(&mut self, index: usize, cmd: &ShellCommand) {
        let name = cmd.name.text.as_str();
        match name {
            "go" => return self.go(cmd),
            "cargo" if !cmd.args.iter().any(|arg| arg.text == "install") => return self.cargo(cmd),
            "chown" | "chmod" | "chgrp" => return self.changed(cmd),
            "cp" | "mv" | "install" => return self.copied(cmd),
            "curl" | "wget" => return self.downloaded(cmd),
            "git" | "hg" | "svn" => return self.cloned(cmd),
            "rm" | "find" | "unlink" => return,
            _ => {}
        }
        if let Some(call) = model::call(cmd) {
            return self.manager(index, cmd, &call);
        }
        if name.is_empty() || weightless(cmd) {
            return;
        }
        self.add(Part::unknown(format!("`{}`", short(name))), None);
    }

    /// chmod and chown store the files of earlier layers a second time.
    fn changed(&mut self, cmd: &ShellCommand) {
        let recursive = cmd.has_short('R') || cmd.has_flag(&["--recursive"]);
        let paths: Vec<String> = operands(cmd).skip(1).filter_map(|word| absolute(self.step, cmd, word)).collect();
        for path in paths {
            // What this RUN made itself is in its own layer already.
            let earlier: Vec<Placed> = self
                .ground
                .placed
                .iter()
                .filter(|placed| if recursive { true } else { placed.path == path && placed.context.is_some() })
                .cloned()
                .collect();
            let found = files::at(&earlier, path.trim_end_matches("/*"), self.around.context);
            let how = if cmd.name.text == "chmod" { "mode" } else { "owner" };
            if let Some(cost) = found.cost.filter(|cost| cost.size.high > 0) {
                let part = Part::new(Kind::Again, format!("{path} again, for its new {how}"), cost);
                self.add(part.compressed(found.compressed), Some(path.clone()));
            }
            if found.unknown {
                let part = Part { kind: Kind::Again, ..Part::unknown(format!("{path} again, for its new {how}")) };
                self.add(part, Some(path));
            }
        }
    }

    fn copied(&mut self, cmd: &ShellCommand) {
        let words: Vec<_> = operands(cmd).collect();
        let Some((dest, sources)) = words.split_last() else { return };
        let Some(dest) = absolute(self.step, cmd, dest) else { return };
        let moves = cmd.name.text == "mv";
        for source in sources.iter().filter_map(|word| absolute(self.step, cmd, word)) {
            let mut own = false;
            for made in &mut self.made {
                if made.path.as_deref().is_some_and(|path| inside(path, &source)) {
                    own = true;
                    if moves {
                        made.path = Some(dest.clone());
                    }
                }
            }
            if own && moves {
                continue;
            }
            if !own && self.step.is_mounted(&source) {
                let part =
                    Part { kind: Kind::Copied, ..Part::unknown(format!("a copy of {source}, which is mounted")) };
                self.add(part, Some(dest.clone()));
                continue;
            }
            let found = match own {
                true => self.own(&source),
                false => files::at(&self.ground.placed, &source, self.around.context),
            };
            if let Some(cost) = found.cost {
                let part = Part::new(Kind::Again, format!("a copy of {source}"), cost).compressed(found.compressed);
                self.add(part, Some(dest.clone()));
            }
            if found.unknown {
                let part = Part { kind: Kind::Again, ..Part::unknown(format!("a copy of {source}")) };
                self.add(part, Some(dest.clone()));
            }
        }
    }

    /// What this RUN made at a path.
    fn own(&self, path: &str) -> files::Found {
        let placed: Vec<Placed> = self
            .made
            .iter()
            .filter_map(|made| {
                let (cost, compressed) = (made.part.cost, made.part.compressed);
                Some(Placed { path: made.path.clone()?, cost, compressed, context: None, somewhere: made.somewhere })
            })
            .collect();
        files::at(&placed, path, None)
    }

    fn downloaded(&mut self, cmd: &ShellCommand) {
        let output = output(cmd);
        let url = cmd.args.iter().find(|arg| arg.text.contains("://"));
        let name = url.map_or("", |url| last(&url.text));
        let saves = cmd.name.text == "wget" || cmd.has_short('O') || cmd.has_flag(&["--remote-name"]);
        let redirect = cmd.redirects.iter().chain(cmd.outer_redirects.iter()).find(|to| to.operator.starts_with('>'));
        let path = match (&output, redirect) {
            (Some(path), _) if path == "-" || path == "/dev/null" || path.contains("://") => None,
            (Some(path), _) if path.starts_with('/') => Some(path.clone()),
            (Some(path), _) => directory(self.step, cmd).map(|dir| join(&dir, path)),
            (None, Some(to)) => absolute(self.step, cmd, &to.target),
            (None, None) if saves => directory(self.step, cmd).map(|dir| join(&dir, name)),
            // To the next command of the pipe, which is judged by itself.
            (None, None) => None,
        };
        let Some(path) = path.filter(|path| !is_light(path) && !path.starts_with("/dev/")) else { return };
        let what = if name.is_empty() { last(&path).to_string() } else { short(name) };
        let part = Part { kind: Kind::Fetched, ..Part::unknown(format!("download of {what}")) };
        self.add(part, Some(path));
    }

    fn cloned(&mut self, cmd: &ShellCommand) {
        let mut words = operands(cmd);
        if !words.next().is_some_and(|verb| matches!(verb.text.as_str(), "clone" | "checkout" | "co" | "pull")) {
            return;
        }
        let Some(url) = words.find(|word| word.text.contains([':', '/'])) else { return };
        let name = last(url.text.trim_end_matches(".git"));
        let dir = words.next().and_then(|word| absolute(self.step, cmd, word));
        let path = dir.or_else(|| directory(self.step, cmd).map(|dir| format!("{}/{name}", dir.trim_end_matches('/'))));
        self.add(Part { kind: Kind::Fetched, ..Part::unknown(format!("clone of {name}")) }, path);
    }
}

/// Where curl or wget writes to: `-o FILE`, also at the end of a bundle (`-fsSLo FILE`) and joined (`-qO-`).
fn output(cmd: &ShellCommand) -> Option<String> {
    let (letter, long) = if cmd.name.text == "wget" { ('O', "--output-document") } else { ('o', "--output") };
    if let Some(path) = cmd.flag_value(long) {
        return Some(path);
    }
    for (index, arg) in cmd.args.iter().enumerate() {
        let Some(bundle) = arg.text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { continue };
        let Some((_, rest)) = bundle.split_once(letter) else { continue };
        let next = || cmd.args.get(index + 1).map(|word| word.text.clone());
        return if rest.is_empty() { next() } else { Some(rest.to_string()) };
    }
    None
}

/// The words that are no flags.
pub(super) fn operands(cmd: &ShellCommand) -> impl Iterator<Item = &crate::shell::ShellWord> {
    cmd.args.iter().filter(|arg| !arg.text.starts_with('-'))
}

/// `rm x.tar.gz` for what was fetched to that place, wherever the command stands.
fn named_by(step: &Step, cmd: &ShellCommand, path: &str) -> bool {
    matches!(cmd.name.text.as_str(), "rm" | "unlink")
        && operands(cmd).filter_map(|word| absolute(step, cmd, word)).any(|gone| match gone.split_once('*') {
            Some((before, after)) => {
                !after.contains(['*', '/']) && path.starts_with(before) && path.ends_with(after) && {
                    let middle = path.get(before.len()..path.len() - after.len()).unwrap_or("/");
                    !middle.contains('/')
                }
            }
            None => inside(path, &gone),
        })
}

/// Files that weigh next to nothing.
fn is_light(path: &str) -> bool {
    const LIGHT: &[&str] = &[
        ".asc", ".conf", ".gpg", ".json", ".key", ".list", ".md5", ".pem", ".repo", ".sh", ".sha256", ".sha512",
        ".sig", ".txt", ".yaml", ".yml",
    ];
    LIGHT.iter().any(|ending| path.ends_with(ending))
}

/// Commands that write no more than a few lines into the image.
fn weightless(cmd: &ShellCommand) -> bool {
    const QUIET: &[&str] = &[
        ":",
        ".",
        "[",
        "[[",
        "addgroup",
        "adduser",
        "apt-cache",
        "apt-key",
        "apt-mark",
        "awk",
        "basename",
        "break",
        "cat",
        "cd",
        "chpasswd",
        "command",
        "continue",
        "cut",
        "date",
        "debconf-set-selections",
        "diff",
        "dirname",
        "dpkg-architecture",
        "dpkg-query",
        "dpkg-reconfigure",
        "dpkg-divert",
        "echo",
        "egrep",
        "env",
        "eval",
        "exit",
        "export",
        "expr",
        "false",
        "fgrep",
        "file",
        "gpg",
        "gpgconf",
        "grep",
        "groupadd",
        "groupmod",
        "gsettings",
        "hash",
        "head",
        "hostname",
        "id",
        "java",
        "jq",
        "kill",
        "ldconfig",
        "ldd",
        "let",
        "ln",
        "local",
        "ls",
        "md5sum",
        "mkdir",
        "mkfifo",
        "mknod",
        "node",
        "passwd",
        "patch",
        "pidof",
        "printf",
        "ps",
        "pwd",
        "read",
        "readlink",
        "realpath",
        "return",
        "rmdir",
        "rpmkeys",
        "ruby",
        "sed",
        "seq",
        "set",
        "setcap",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "shift",
        "shopt",
        "sleep",
        "sort",
        "stat",
        "strip",
        "stty",
        "su",
        "sync",
        "tail",
        "tee",
        "test",
        "touch",
        "tr",
        "trap",
        "true",
        "tty",
        "type",
        "ulimit",
        "umask",
        "uname",
        "uniq",
        "unset",
        "update-alternatives",
        "update-ca-certificates",
        "update-rc.d",
        "useradd",
        "usermod",
        "visudo",
        "wait",
        "wc",
        "whereis",
        "which",
        "whoami",
        "xargs",
        "yum-config-manager",
        "dos2unix",
        "systemctl",
        "service",
        "a2enmod",
        "a2dismod",
        "a2ensite",
        "a2dissite",
        "sysctl",
    ];
    let name = cmd.name.text.as_str();
    // `program --version` shows that it is there.
    let asks = |arg: &str| matches!(arg, "--version" | "-version" | "-v" | "-V" | "version" | "--help" | "help");
    // An interpreter with a program of its own may do anything; these only look.
    let runs = matches!(name, "java" | "node" | "ruby" | "eval" | "xargs" | "su");
    let small = matches!(name, "npm" | "yarn" | "pip") && cmd.args.first().is_some_and(|arg| arg.text == "config");
    (QUIET.contains(&name) && !runs) || small || (!cmd.args.is_empty() && cmd.args.iter().all(|arg| asks(&arg.text)))
}

fn short(name: &str) -> String {
    if name.chars().count() <= 40 {
        name.to_string()
    } else {
        format!("{}…", name.chars().take(39).collect::<String>())
    }
}

pub(super) fn last(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// A range around what a table says.
pub(super) fn about(likely: u64, low: f64, high: f64, basis: Basis) -> Cost {
    let scaled = |factor: f64| (likely as f64 * factor) as u64;
    Cost { size: Size { low: scaled(low), likely, high: scaled(high) }, basis }
}
