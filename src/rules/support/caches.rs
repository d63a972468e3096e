//! Caches and indexes of package managers that a RUN leaves in its layer: one check, driven by a description each.

use super::{Run, absolute, can_append, chained, inside, known, shipping_runs};
use crate::diagnostic::{Applicability, Diagnostic, Waste};
use crate::model::ConfigCommand;
use crate::rules::Context;
use crate::shell::ShellCommand;
use crate::syntax::{Body, Instruction};
use crate::text::Edit;

/// Subcommands of dnf, yum and microdnf that fetch metadata or packages.
pub const RPM_FILLS: &[&str] = &[
    "install",
    "in",
    "localinstall",
    "groupinstall",
    "group",
    "module",
    "update",
    "upgrade",
    "up",
    "update-minimal",
    "upgrade-minimal",
    "up-min",
    "distro-sync",
    "dsync",
    "downgrade",
    "reinstall",
    "builddep",
    "build-dep",
    "swap",
    "makecache",
    "check-update",
];

/// One package manager's cache.
pub struct Cache {
    /// Names of the program.
    pub programs: &'static [&'static str],
    /// Subcommands that fill the cache.
    pub fills: &'static [&'static str],
    /// A flag with which they do not.
    pub unless: &'static [&'static str],
    /// Where it lies; deleting any of them, or a mount there, is enough.
    pub dirs: &'static [&'static str],
    /// Programs and the first words of their arguments that empty it.
    pub cleans: &'static [(&'static str, &'static [&'static str])],
    /// `update` brings packages too, not only the index.
    pub update_installs: bool,
    pub message: &'static str,
    pub help: &'static str,
    /// Advice where nothing uses what was fetched.
    pub idle: Option<&'static str>,
    /// The row of its weight in rules/tables/leftovers.tsv.
    pub leftover: Option<&'static str>,
    /// What the fix puts behind the last use, and its title; the fix of apk is of another kind.
    pub append: Option<(&'static str, &'static str)>,
}

/// A RUN that leaves the cache, and the first command that fills it.
pub struct Left<'a> {
    pub run: Run<'a>,
    pub first: &'a ShellCommand,
}

impl Cache {
    pub fn uses(&self, cmd: &ShellCommand) -> bool {
        self.programs.contains(&cmd.name.text.as_str())
    }

    pub fn is_filled_by(&self, cmd: &ShellCommand) -> bool {
        self.uses(cmd) && !cmd.has_flag(self.unless) && subcommand(cmd).is_some_and(|verb| self.fills.contains(&verb))
    }

    /// The command deletes the cache or has its program do it.
    fn is_emptied_by(&self, run: &Run<'_>, cmd: &ShellCommand) -> bool {
        let own = self.cleans.iter().any(|(program, verbs)| {
            cmd.name.text == *program && subcommand(cmd).is_some_and(|verb| verbs.contains(&verb))
        });
        own || (matches!(cmd.name.text.as_str(), "rm" | "find")
            && cmd.args.iter().any(|arg| self.named_by(run, cmd, arg)))
    }

    fn named_by(&self, run: &Run<'_>, cmd: &ShellCommand, arg: &crate::shell::ShellWord) -> bool {
        // What is literal and has a star stands in quotes: rm looks for a file of that name.
        let quoted_glob = cmd.name.text == "rm" && arg.literal && arg.text.contains(['*', '?']);
        if arg.text.starts_with('-') || quoted_glob {
            return false;
        }
        let Some(path) = absolute(run.step, cmd, arg) else { return may_hold(&arg.text, self.dirs) };
        braces(&path).iter().any(|path| self.dirs.iter().any(|dir| covers(path, dir)))
    }

    pub fn mounted(&self, run: &Run<'_>) -> bool {
        self.dirs.iter().any(|dir| run.mounted(dir))
    }

    /// The RUNs that ship and leave the cache behind.
    pub fn left<'a>(&'a self, cx: &'a Context<'_>) -> impl Iterator<Item = Left<'a>> {
        shipping_runs(cx).filter_map(move |run| {
            let commands = &run.script.commands;
            let at = commands.iter().position(|cmd| self.is_filled_by(cmd))?;
            let last = commands.iter().rposition(|cmd| self.is_filled_by(cmd)).unwrap_or(at);
            let emptied = commands.iter().skip(last).any(|cmd| self.is_emptied_by(&run, cmd) || cleans_somehow(cmd));
            if emptied || self.mounted(&run) {
                return None;
            }
            Some(Left { run, first: commands.get(at)? })
        })
    }

    /// Reports each, with `append` as the fix.
    pub fn check(&self, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
        self.check_where(cx, out, |_| true);
    }

    /// As `check`, for the RUNs that `concerned` names.
    pub fn check_where(&self, cx: &Context<'_>, out: &mut Vec<Diagnostic>, concerned: impl Fn(&Run<'_>) -> bool) {
        for left in self.left(cx).filter(|left| concerned(&left.run)) {
            let mut found = self.found(&left);
            if let Some(advice) = self.idle.filter(|_| self.is_idle(cx, &left.run)) {
                found.help = Some(advice.to_string());
            }
            out.push(match self.append_fix(cx, &left.run) {
                Some((applicability, title, edit)) => found.fix(applicability, title, vec![edit]),
                None => found,
            });
        }
    }

    /// Neither this RUN nor a later one does more than fetch and delete: no script of the author's either.
    fn is_idle(&self, cx: &Context<'_>, run: &Run<'_>) -> bool {
        let idle = |run: &Run<'_>| {
            known::all(run.script, known::plain_or_builder)
                && run.script.commands.iter().all(|cmd| !self.uses(cmd) || self.is_filled_by(cmd))
        };
        run.stage.children.is_empty() && idle(run) && later_runs(cx, run).iter().all(idle)
    }

    /// The finding without a fix.
    pub fn found(&self, left: &Left<'_>) -> Diagnostic {
        let found = Diagnostic::at(left.first.span, self.message).help(self.help);
        match self.leftover {
            Some(leftover) => found.waste(Waste::Leftover(leftover)),
            None => found,
        }
    }

    fn append_fix(&self, cx: &Context<'_>, run: &Run<'_>) -> Option<(Applicability, &'static str, Edit)> {
        let (command, title) = self.append?;
        let commands = &run.script.commands;
        let last_use = commands.iter().rposition(|cmd| self.uses(cmd))?;
        // A lone `apt-get update` is for something that is not seen here; deleting what it made would be odd advice.
        let only_fetches = |verb: &str| match verb {
            "update" => !self.update_installs,
            verb => matches!(verb, "makecache" | "check-update"),
        };
        if !commands.iter().any(|cmd| self.uses(cmd) && subcommand(cmd).is_some_and(|verb| !only_fetches(verb))) {
            return None;
        }
        // Behind the last use, a script of the author's may still want the cache: then only the very end will do.
        let rest_is_plain = commands.iter().skip(last_use + 1).all(known::plain_or_builder);
        let index = if rest_is_plain { last_use } else { commands.len().checked_sub(1)? };
        let cmd = commands.get(index)?;
        let vetoed = !runs_on(run, index)
            || rm_means_something_else(cx, run)
            || self.wanted_behind(cx, run, index)
            || self.looked_at_later(cx, run);
        if vetoed || !can_append(cx, run, index) || later_use(self, cx, run) {
            return None;
        }
        let wrappers = &commands.get(last_use)?.wrappers;
        let sudo = wrappers.iter().any(|wrapper| wrapper.text == "sudo");
        // Others (`gosu`, `doas`) may hold rights that our command would not have.
        let other = wrappers.iter().any(|wrapper| !matches!(wrapper.text.as_str(), "sudo" | "env" | "time" | "nice"));
        if other || (!run.is_root() && !sudo) {
            return None;
        }
        let command = if sudo { format!("sudo {command}") } else { command.to_string() };
        let edit = Edit::insert(cmd.span.end, chained(cx, run.instruction, cmd.span.end, &command));
        let applicability = if self.nobody_looks(cx, run) { Applicability::Safe } else { Applicability::Unsafe };
        Some((applicability, title, edit))
    }

    /// Nothing that runs later, in the build or in the container, could want the cache.
    fn nobody_looks(&self, cx: &Context<'_>, run: &Run<'_>) -> bool {
        let later = later_runs(cx, run);
        let known = later.iter().all(|later| known::all(later.script, known::plain_or_builder));
        let here = run.script.commands.iter().all(known::plain_or_builder);
        let config = &run.stage.config;
        let command = config.entrypoint.as_ref().or(config.cmd.as_ref());
        let own = command.is_some_and(|command| command.inst.is_some() && starts_one_program(command));
        let triggers = run.stage.steps.iter().any(|step| step.onbuild);
        here && known && own && !triggers && run.stage.children.is_empty()
    }

    /// A command that reads the cache, also by other programs of the same family.
    fn reads(&self, cmd: &ShellCommand) -> bool {
        let name = cmd.name.text.as_str();
        self.uses(cmd)
            || (self.programs.contains(&"apt-get") && matches!(name, "apt-cache" | "apt-file" | "add-apt-repository"))
            || (self.programs.contains(&"dnf") && matches!(name, "repoquery" | "dnf5" | "yum"))
    }

    /// The text of the command names the cache, and it is no deletion that takes an empty directory as well.
    fn names(&self, cx: &Context<'_>, cmd: &ShellCommand) -> bool {
        let forced = match cmd.name.text.as_str() {
            "rm" => cmd.args.iter().any(|arg| {
                arg.text == "--force"
                    || (arg.text.starts_with('-') && !arg.text.starts_with("--") && arg.text.contains('f'))
            }),
            "find" => cmd.args.iter().any(|arg| arg.text == "-delete"),
            _ => false,
        };
        let text = cx.source.slice(cmd.span);
        !forced && self.dirs.iter().any(|dir| text.contains(dir))
    }

    /// Behind that command the same RUN looks at the cache: by a path, or inside `$(…)`.
    fn wanted_behind(&self, cx: &Context<'_>, run: &Run<'_>, index: usize) -> bool {
        let Some(end) = run.script.commands.get(index).map(|cmd| cmd.span.end) else { return true };
        run.script.commands.iter().skip(index + 1).any(|cmd| self.names(cx, cmd))
            || run
                .script
                .substitutions
                .iter()
                .any(|cmd| cmd.span.start >= end && (self.reads(cmd) || self.names(cx, cmd)))
    }

    /// A later instruction names the cache's directory, in a way that an empty one would break or change.
    pub fn looked_at_later(&self, cx: &Context<'_>, run: &Run<'_>) -> bool {
        let later = later_runs(cx, run);
        let by_run = later.iter().any(|later| {
            let mut commands = later.script.commands.iter().chain(&later.script.substitutions);
            commands.any(|cmd| self.names(cx, cmd))
                || (later.script.opaque.is_some() && self.in_text(cx.source.slice(later.instruction.content)))
        });
        let copied = |instruction: &Instruction| {
            !matches!(instruction.body, Body::Run(_)) && self.in_text(cx.source.slice(instruction.content))
        };
        by_run || cx.dockerfile.instructions().any(|(_, instruction)| copied(instruction))
    }

    fn in_text(&self, text: &str) -> bool {
        self.dirs.iter().any(|dir| text.contains(dir))
    }
}

/// The container starts one program: no shell that someone works in, and no script that might install something.
fn starts_one_program(command: &ConfigCommand) -> bool {
    let words: Vec<&str> = match (command.shell_form, command.argv.last()) {
        (true, Some(text)) => text.split_whitespace().collect(),
        _ => command.argv.iter().map(String::as_str).collect(),
    };
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_string();
    let shell = ["sh", "bash", "ash", "zsh", "fish"];
    let scripted = words.iter().any(|word| {
        let name = name(word);
        name.ends_with(".sh")
            || name.contains("entrypoint")
            || name.starts_with("apt")
            || shell.contains(&name.as_str())
    });
    !words.is_empty() && !scripted
}

/// A later RUN on top of this one relies on the cache: it uses the manager without filling the cache first.
fn later_use(cache: &Cache, cx: &Context<'_>, run: &Run<'_>) -> bool {
    later_runs(cx, run).iter().any(|later| {
        let first = later.script.commands.iter().find(|cmd| cache.uses(cmd));
        let fills =
            |cmd: &ShellCommand| cache.is_filled_by(cmd) && !cmd.has_flag(&["-C", "--cacheonly", "--no-refresh"]);
        let inside = later.script.substitutions.iter().any(|cmd| cache.reads(cmd));
        match first {
            Some(cmd) => !fills(cmd) && !cache.is_emptied_by(later, cmd),
            None => inside,
        }
    })
}

/// What is put behind that command is reached: the shell has not been left before.
fn runs_on(run: &Run<'_>, index: usize) -> bool {
    let leaves = |cmd: &ShellCommand| {
        matches!(cmd.name.text.as_str(), "exit" | "return" | "exec")
            || cmd.wrappers.iter().any(|wrapper| wrapper.text == "exec")
    };
    !run.script.commands.iter().take(index + 1).any(|cmd| cmd.depth == 0 && !cmd.conditional && leaves(cmd))
}

/// `set -f` takes the glob its meaning, a function its name; and apt can be told of other directories.
fn rm_means_something_else(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let text = cx.source.slice(run.instruction.content);
    ["set -f", "noglob", "rm()", "rm ()", "function rm", "alias rm", "Dir::State"]
        .iter()
        .any(|word| text.contains(word))
}

/// The RUNs that come after this one on the same file system: of its stage and of the stages that build on it.
fn later_runs<'a>(cx: &'a Context<'_>, run: &Run<'a>) -> Vec<Run<'a>>
where
{
    let mut found: Vec<Run<'a>> = runs_after(cx, run);
    let mut open = run.stage.children.clone();
    while let Some(id) = open.pop() {
        if let Some(stage) = cx.model.stage(id).filter(|stage| stage.id > run.stage.id) {
            found.extend(super::runs(cx, stage));
            open.extend(stage.children.iter().filter(|child| **child > id));
        }
    }
    found
}

fn runs_after<'a>(cx: &'a Context<'_>, run: &Run<'a>) -> Vec<Run<'a>> {
    super::runs(cx, run.stage).filter(|later| later.index > run.index).collect()
}

/// The first argument that is no flag.
pub fn subcommand(cmd: &ShellCommand) -> Option<&str> {
    cmd.args.iter().map(|arg| arg.text.as_str()).find(|arg| !arg.starts_with('-'))
}

/// A script of the author's that is called a cleaner (`/cleanup.sh`): nobody knows, so it counts.
fn cleans_somehow(cmd: &ShellCommand) -> bool {
    let cleans = |text: &str| text.to_ascii_lowercase().contains("clean") && text.contains(['/', '.', '_', '-']);
    let runs_script = matches!(cmd.name.text.as_str(), "sh" | "bash" | "." | "source");
    !known::plain(cmd)
        && (cleans(&cmd.name.text)
            || cmd.name.text.contains("clean")
            || (runs_script && cmd.args.iter().any(|arg| cleans(&arg.text))))
}

/// A word with a variable that is not known may well mean one of the directories.
pub fn may_hold(text: &str, dirs: &[&str]) -> bool {
    let Some((before, after)) = text.split_once(['$', '`']) else { return false };
    let name = after.to_ascii_lowercase();
    match before.is_empty() {
        true => ["cache", "clean", "list", "(", "dirs"].iter().any(|part| name.contains(part)),
        false => dirs.iter().any(|dir| dir.starts_with(before) || dir.contains(before.trim_start_matches("/root"))),
    }
}

/// Deleting `pattern` deletes what is in `dir`.
pub fn covers(pattern: &str, dir: &str) -> bool {
    let pattern = pattern.trim_end_matches("/*").trim_end_matches("/**").trim_end_matches('/');
    if inside(dir, pattern) {
        return true;
    }
    // `/var/lib/apt/list*`, `/var/cache/*`: as many parts of `dir` as the pattern has.
    let depth = pattern.split('/').count();
    let head: Vec<&str> = dir.split('/').take(depth).collect();
    head.len() == depth && crate::context::glob::matches(pattern, &head.join("/"))
        // `/var/cache/dnf/*.rpm` is not all of it, `/var/lib/apt/lists/*_dists_*` is.
        || pattern.rsplit_once('/').is_some_and(|(parent, last)| parent == dir && last.contains('*'))
}

/// `/var/{lib,cache}/x` as bash reads it; other text stays as it is.
pub fn braces(path: &str) -> Vec<String> {
    let inner = path.find('{').and_then(|open| {
        let close = open + path.get(open..)?.find('}')?;
        Some((path.get(..open)?, path.get(open + 1..close)?, path.get(close + 1..)?))
    });
    match inner {
        Some((before, choices, after)) if choices.contains(',') => {
            choices.split(',').flat_map(|choice| braces(&format!("{before}{choice}{after}"))).collect()
        }
        _ => vec![path.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_a_directory_when_its_content_goes() {
        let lists = "/var/lib/apt/lists";
        for pattern in [
            "/var/lib/apt/lists",
            "/var/lib/apt/lists/*",
            "/var/lib/apt",
            "/var/lib/apt/*",
            "/var/lib/apt/list*",
            "/var/*",
        ] {
            assert!(covers(pattern, lists), "{pattern}");
        }
        for pattern in ["/var/lib/dpkg", "/var/lib/apt/lists/partial", "/var/cache/apt/*", "/var/lib/apt/keyrings"] {
            assert!(!covers(pattern, lists), "{pattern}");
        }
    }

    #[test]
    fn braces_are_spread() {
        assert_eq!(braces("/a/{b,c}/d"), ["/a/b/d", "/a/c/d"]);
        assert_eq!(braces("/a/{b}"), ["/a/{b}"]);
    }
}
