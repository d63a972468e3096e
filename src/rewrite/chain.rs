//! A command that the final stage runs again: the packages that it uses, the variables and paths that it names, and how
//! it is written where it stands without the commands around it.

use super::Refusal;
use super::case::Case;
use super::effects::{Effect, Kind, absolute, path_args};
use super::packages::Provided;
use super::paths::{is_system_dir, parent, within};
use super::placed::is_rerun;
use super::refuse::refuse;
use super::releases::{Family, Ground};
use crate::model::{Install, Origin, expand, variables};
use crate::shell::{Joiner, ShellCommand, ShellWord};
use crate::syntax::{Command, InstId};
use crate::text::Span;

/// The packages whose programs and files the command uses, where no slim base is sure to have them.
pub(super) fn packages<'a>(case: &Case<'a>, effect: &Effect<'a>, alpine: bool) -> Vec<String> {
    let cmd = effect.cmd;
    // `#!/bin/bash` of a heredoc.
    let heredocs = case.file.get(effect.inst).into_iter().flat_map(|inst| case.source.slice(inst.span).lines());
    let interpreters = heredocs.filter_map(|line| {
        let mut words = line.trim_start().strip_prefix("#!")?.split_whitespace().map(super::paths::base_name);
        words.find(|name| *name != "env")
    });
    let mut wanted: Vec<&str> = Vec::new();
    match cmd.name.text.as_str() {
        "useradd" | "usermod" | "userdel" | "groupadd" | "groupmod" | "groupdel" if alpine => wanted.push("shadow"),
        "adduser" | "addgroup" | "deluser" | "delgroup" if !alpine => wanted.push("adduser"),
        "dpkg-reconfigure" => wanted.extend(cmd.args.last().map(|arg| arg.text.as_str())),
        "setup-timezone" => wanted.extend(["alpine-conf", "tzdata"]),
        _ => {}
    }
    if cmd.args.iter().any(|arg| arg.text.contains("/usr/share/zoneinfo")) {
        wanted.push("tzdata");
    }
    // `bash -c 'a; b'` stands with the first command of its script.
    let script = effect.step.script.iter().flat_map(|script| &script.commands).filter(|_| cmd.depth > 0);
    let around = script.chain([cmd]).flat_map(|cmd| &cmd.wrappers).map(|word| super::paths::base_name(&word.text));
    for name in around.chain(interpreters) {
        match super::packages::provider(name, alpine) {
            Provided::By(package) => wanted.push(package),
            Provided::Already => {}
            Provided::Unknown => wanted.push(name),
        }
    }
    wanted.into_iter().map(String::from).collect()
}

/// Of what the repeated commands use: what the file installs, so that it stays, and what the old base has by itself and
/// the new one lacks.
pub(super) fn missing<'a>(case: &Case<'a>, ground: Option<&Ground>, effects: &[Effect<'a>]) -> Vec<String> {
    let alpine = ground.is_some_and(Ground::alpine);
    let repeated = effects.iter().filter(|effect| is_rerun(effect) && !matches!(effect.kind, Kind::Install(_)));
    let mut names: Vec<String> = repeated.flat_map(|effect| packages(case, effect, alpine)).collect();
    names.retain(|name| installs(effects, name) || ground.is_some_and(|ground| left_with_the_base(ground, name)));
    names
}

/// The file installs a package of that name.
pub(super) fn installs(effects: &[Effect<'_>], name: &str) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| package.name == name),
        _ => false,
    })
}

/// The program of SHELL, where a command of the final stage runs through it: one that keeps its shell, a health check, or
/// what is run again.
pub(super) fn shell<'a>(case: &Case<'a>, effects: &[Effect<'a>]) -> Option<(&'a str, Span)> {
    let config = &case.stage.config;
    let commands = [&config.entrypoint, &config.cmd, &config.healthcheck].into_iter().flatten();
    let shell_form =
        |inst: &InstId| matches!(case.file.get(*inst).and_then(|inst| inst.command()), Some(Command::Shell(_)));
    let commands = commands.filter_map(|command| command.inst).filter(shell_form);
    let repeated = effects.iter().filter(|effect| is_rerun(effect) || matches!(effect.kind, Kind::Make(_)));
    let steps = commands.filter_map(|inst| case.step(inst)).chain(repeated.map(|effect| effect.step));
    let set = steps.filter_map(|step| Some((step.shell.set_by?, step.shell.words.first()?)));
    let own = set.map(|(inst, word)| (super::paths::base_name(word), case.content(inst)));
    own.into_iter().find(|(name, _)| !matches!(*name, "sh" | "ash"))
}

/// The golang image has the package, and the slim image of its release has not.
pub(super) fn left_with_the_base(ground: &Ground, name: &str) -> bool {
    let debian = ground.golang && ground.family == Family::Debian;
    // Both left the slim images with trixie.
    debian && matches!(name, "adduser" | "tzdata") && !ground.slim_has_tzdata()
}

/// What cannot be run again outside of its RUN: it reads files of the build, or variables of the old base.
pub(super) fn check(case: &Case<'_>, effect: &Effect<'_>) -> Result<(), Refusal> {
    let cmd = effect.cmd;
    let cannot = |span: Span, what: String| {
        refuse(
            "unclassified-run",
            span,
            format!("the final stage would have to run this again, and {what}"),
            "write the final stage by hand, or split the RUN so that building and setting up the image stand apart",
        )
    };
    let input = cmd.redirects.iter().chain(cmd.outer_redirects.iter());
    if let Some(input) = input.into_iter().find(|redirect| redirect.operator == "<") {
        return Err(cannot(cmd.span, format!("it reads {}", input.target.text)));
    }
    let inner = effect.step.script.iter().flat_map(|script| &script.substitutions);
    for inner in inner.filter(|inner| cmd.span.contains(inner.span)) {
        const PLAIN: &[&str] =
            &["arch", "date", "dpkg", "echo", "getent", "hostname", "id", "lsb_release", "nproc", "printf", "uname"];
        if !PLAIN.contains(&inner.name.text.as_str()) {
            return Err(cannot(cmd.span, format!("what {} prints there is not known", inner.name.text)));
        }
    }
    let text = case.source.slice(cmd.span);
    for name in variables(text, case.file.escape) {
        let of_base = effect.step.env.get(&name).is_some_and(|variable| variable.origin == Origin::Base);
        if of_base && name != "PATH" && cmd.variable(&name).is_none() {
            return Err(cannot(cmd.span, format!("it reads {name}, which only the old base sets")));
        }
    }
    Ok(())
}

/// The command as it is written, with each path that hangs on the directory of its script as an absolute one, unless the
/// final stage runs it in the `same` directory. `Err` is the word whose path is not known.
pub(super) fn spelled(case: &Case<'_>, effect: &Effect<'_>, same: bool) -> Result<String, Span> {
    let cmd = effect.cmd;
    let mut changes: Vec<(Span, String)> = Vec::new();
    for word in path_words(cmd) {
        if word.text.starts_with(['/', '~']) || same && cmd.dir.as_deref() == Some("") {
            continue;
        }
        let value = expand(&word.text, case.file.escape, &effect.step.env);
        if value.as_ref().is_ok_and(|value| value.starts_with('/')) {
            continue;
        }
        let path = absolute(case, effect.step, cmd, &word.text).ok_or(word.span)?;
        if path.contains(|letter: char| !(letter.is_ascii_alphanumeric() || "/._-+@%:,".contains(letter))) {
            return Err(word.span);
        }
        changes.push((word.span, path));
    }
    if cmd.name.text == "rm" && !cmd.has_short('f') && !cmd.has_flag(&["--force"]) {
        // What the old base has the new one may lack; the path is gone either way.
        changes.push((Span::new(cmd.name.span.end, cmd.name.span.end), " -f".into()));
    }
    if let (Kind::Make(paths), "mkdir") = (&effect.kind, cmd.name.text.as_str()) {
        // The directory around it may be one that only the builder has, and it may be one of the new base.
        let alone = paths.iter().all(|path| is_system_dir(parent(path)) && !is_system_dir(path));
        if !alone && !cmd.has_short('p') && !cmd.has_flag(&["--parents"]) {
            changes.push((Span::new(cmd.name.span.end, cmd.name.span.end), " -p".into()));
        }
    }
    changes.sort_by_key(|(span, _)| span.start);
    Ok(replaced(case, cmd.span, &changes))
}

/// The text of the span with these places changed.
fn replaced(case: &Case<'_>, span: Span, changes: &[(Span, String)]) -> String {
    let mut text = String::new();
    let mut at = span.start;
    for (place, new) in changes {
        text.push_str(case.source.slice(Span::new(at, place.start.max(at))));
        text.push_str(new);
        at = place.end.max(at);
    }
    text.push_str(case.source.slice(Span::new(at.min(span.end), span.end)));
    text
}

/// The command without some of its words, and without the space in front of each.
pub(super) fn without(case: &Case<'_>, cmd: &ShellCommand, drop: &dyn Fn(&ShellWord) -> bool) -> String {
    let mut before = cmd.name.span.end;
    let mut changes = Vec::new();
    for arg in &cmd.args {
        if drop(arg) {
            changes.push((Span::new(before.min(arg.span.start), arg.span.end), String::new()));
        }
        before = arg.span.end;
    }
    replaced(case, cmd.span, &changes)
}

/// The words of a command, and of its redirections, that name files or directories.
fn path_words(cmd: &ShellCommand) -> Vec<&ShellWord> {
    let output = cmd.redirects.iter().filter(|redirect| {
        let text = redirect.target.text.as_str();
        redirect.operator.contains('>') && !redirect.operator.ends_with('&') && !text.starts_with('&')
    });
    path_args(cmd).into_iter().chain(output.map(|redirect| &redirect.target)).collect()
}

/// Variables that the command sets for those behind it: `TZ=Europe/Berlin`, `export TZ=…`.
pub(super) fn sets(cmd: &ShellCommand) -> Vec<&str> {
    let given = cmd.args.iter().filter_map(|arg| arg.text.split_once('=')).map(|(name, _)| name);
    match cmd.name.text.as_str() {
        "" => cmd.assignments.iter().map(|found| found.name.as_str()).collect(),
        "export" | "readonly" | "local" | "declare" => given.collect(),
        _ => Vec::new(),
    }
}

/// `rm` of a path that another command of the RUN fills, or of a package source that another one writes anew.
pub(super) fn clears(case: &Case<'_>, effect: &Effect<'_>, others: &[&Effect<'_>]) -> bool {
    let cmd = effect.cmd;
    matches!(cmd.name.text.as_str(), "rm" | "rmdir" | "unlink")
        && path_words(cmd).iter().filter_map(|word| absolute(case, effect.step, cmd, &word.text)).any(|gone| {
            let source = super::sources::is_source(&gone) && !others.is_empty();
            source
                || others.iter().any(|other| match &other.kind {
                    Kind::Write(paths) | Kind::Make(paths) => {
                        paths.iter().any(|path| within(path, &gone) || within(&gone, path))
                    }
                    _ => false,
                })
        })
}

/// `rm -rf /var/lib/apt/lists/*`: every path is absolute, and in the places of the system.
pub(super) fn is_cleaning(cmd: &ShellCommand) -> bool {
    const PLACES: &[&str] = &["/var", "/usr", "/etc", "/tmp", "/root/.cache"];
    let words = path_words(cmd);
    match cmd.name.text.as_str() {
        "rm" => words.iter().all(|word| PLACES.iter().any(|place| within(&word.text, place) && word.text != *place)),
        "rmdir" | "unlink" => false,
        _ => true,
    }
}

/// Whether the commands of one RUN that a final stage of the same distribution has to run again can be taken out of
/// their script: `kept` says which ones. A pipe goes with all its commands.
pub(super) fn can_be_split(effects: &[&Effect<'_>], kept: &[bool]) -> bool {
    effects.iter().zip(kept).enumerate().all(|(index, (effect, kept))| {
        let piped = |index: usize| effects.get(index).is_some_and(|other| other.cmd.joiner == Joiner::Pipe);
        effect.cmd.depth == 0
            && !effect.cmd.conditional
            && (!effect.cmd.opaque || !kept)
            && match effect.cmd.joiner {
                Joiner::Start | Joiner::And | Joiner::Semi | Joiner::Newline => !(*kept && piped(index + 1)),
                Joiner::Pipe => !kept,
                _ => false,
            }
    })
}

/// The packages of an install that the running image keeps.
///
/// `starts_others`: the program starts others whose names are computed.
pub(super) fn run_time_packages(
    install: &Install,
    pure: bool,
    ground: Option<&Ground>,
    starts_others: bool,
) -> Vec<(String, Span)> {
    let mut kept = Vec::new();
    for package in &install.packages {
        let name = package.name.as_str();
        if super::packages::builds_only(name) && !(starts_others && super::packages::may_be_started(name)) {
            continue;
        }
        if super::packages::is_dev(name) {
            if pure {
                continue;
            }
            let name = super::packages::library_of(name, ground).unwrap_or_else(|| name.to_string());
            kept.push((name, package.span));
            continue;
        }
        kept.push((name.to_string(), package.span));
    }
    kept
}

/// A command that says or asks something of the system alone, so that it does the same in the final stage.
pub(super) fn only_looks(cmd: &ShellCommand) -> bool {
    const NAMES: &[&str] = &[
        "", ":", "command", "date", "echo", "exit", "export", "false", "getent", "groups", "hostname", "id", "printf",
        "set", "sleep", "true", "type", "umask", "uname", "which", "whoami",
    ];
    let of_system = |text: &str| ["/etc", "/usr", "/bin", "/sbin", "/lib"].iter().any(|dir| within(text, dir));
    match cmd.name.text.as_str() {
        "[" | "[[" | "test" => {
            // `-f go.mod` asks for a file of the build.
            let asks =
                cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "-d" | "-e" | "-f" | "-r" | "-s" | "-x" | "-L"));
            !asks
                || cmd.args.iter().filter(|arg| !arg.text.starts_with(['-', '!', ']'])).all(|arg| of_system(&arg.text))
        }
        "grep" => cmd.args.last().is_some_and(|arg| within(&arg.text, "/etc")),
        name => NAMES.contains(&name),
    }
}
