//! Go's build cache and module cache in a layer that ships.

use super::support::caches::{braces, covers};
use super::support::{Run, absolute, runs, shipping_runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::shell::ShellCommand;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "go-cache-left",
    aliases: &[],
    summary: "Go's build cache or module cache stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/go-cache-left.md"),
    check,
};

/// One of the two caches.
struct Cache {
    what: &'static str,
    dir: String,
    leftover: &'static str,
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if cx.model.commands("go").next().is_none() {
        return;
    }
    for run in shipping_runs(cx) {
        // At run time `go` wants both caches.
        let argv = |command: &Option<crate::model::ConfigCommand>| {
            command.as_ref().is_some_and(|command| {
                command.argv.iter().any(|word| word.split([' ', ';', '&', '/']).any(|word| word == "go"))
            })
        };
        if argv(&run.stage.config.cmd) || argv(&run.stage.config.entrypoint) {
            continue;
        }
        let left: Vec<(&ShellCommand, Cache)> =
            caches(cx, &run).into_iter().filter(|(cmd, cache)| stays(&run, cmd, cache)).collect();
        let Some((cmd, first)) = left.first() else { continue };
        let what: Vec<&str> = left.iter().map(|(_, cache)| cache.what).collect();
        let found = Diagnostic::at(
            cmd.span,
            format!("{} {} in this layer", what.join(" and "), if what.len() > 1 { "stay" } else { "stays" }),
        )
        .help("build in another stage, or mount a cache: RUN --mount=type=cache,target=…")
        .waste(Waste::Leftover(first.leftover));
        out.push(match mounts(&run, &left).filter(|_| knows_mounts(cx)) {
            Some(edit) => found.fix(Applicability::Unsafe, "Mount a cache for it", vec![edit]),
            None => found,
        });
    }
}

/// Which command of the RUN fills which cache first.
fn caches<'a>(cx: &Context<'_>, run: &Run<'a>) -> Vec<(&'a ShellCommand, Cache)> {
    let commands = || run.script.commands.iter().filter(|cmd| cmd.name.text == "go");
    let verb = |cmd: &ShellCommand, verbs: &[&str]| {
        cmd.args.iter().find(|arg| !arg.text.starts_with('-')).is_some_and(|arg| verbs.contains(&arg.text.as_str()))
    };
    let vendored = |cmd: &ShellCommand| cmd.flag_value("-mod").is_some_and(|mode| mode == "vendor");
    let mut found = Vec::new();
    if let Some(cmd) = commands().find(|cmd| verb(cmd, &["build", "install", "run", "test", "get", "vet"])) {
        let dir = run.step.env.value("GOCACHE").map_or_else(|| "/root/.cache/go-build".to_string(), str::to_string);
        found.push((cmd, Cache { what: "Go's build cache", dir, leftover: "go-build-cache" }));
    }
    let fetches = |cmd: &&ShellCommand| {
        (verb(cmd, &["build", "install", "run", "test", "get", "vet"])
            || (verb(cmd, &["mod"]) && cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "download" | "tidy"))))
            && !vendored(cmd)
    };
    if let Some(cmd) = commands().find(fetches) {
        let path = run.step.env.value("GOPATH").unwrap_or("/go");
        let dir = run.step.env.value("GOMODCACHE").map_or_else(|| format!("{path}/pkg/mod"), str::to_string);
        // A build fetches only what no earlier layer has.
        if verb(cmd, &["mod", "get"]) || !fetched_before(cx, run, &dir) {
            found.push((cmd, Cache { what: "Go's module cache", dir, leftover: "go-mod-cache" }));
        }
    }
    found
}

/// An earlier RUN of the stage has left the modules in its layer.
fn fetched_before(cx: &Context<'_>, run: &Run<'_>, dir: &str) -> bool {
    runs(cx, run.stage).filter(|earlier| earlier.index < run.index && !earlier.mounted(dir)).any(|earlier| {
        earlier.script.commands.iter().any(|cmd| {
            cmd.name.text == "go"
                && cmd
                    .args
                    .iter()
                    .any(|arg| matches!(arg.text.as_str(), "download" | "get" | "build" | "install" | "tidy"))
        })
    })
}

fn stays(run: &Run<'_>, cmd: &ShellCommand, cache: &Cache) -> bool {
    if run.mounted(&cache.dir) {
        return false;
    }
    let flag = if cache.leftover == "go-build-cache" { "-cache" } else { "-modcache" };
    let later = run.script.commands.iter().filter(|later| later.span.start > cmd.span.start);
    !later.into_iter().any(|later| match later.name.text.as_str() {
        "go" => later.args.iter().any(|arg| arg.text == "clean") && later.args.iter().any(|arg| arg.text == flag),
        "rm" => later.args.iter().filter(|arg| !arg.text.starts_with('-')).any(|arg| {
            // A variable that is not known may well name it.
            absolute(run.step, later, arg).is_none_or(|path| braces(&path).iter().any(|path| covers(path, &cache.dir)))
        }),
        _ => false,
    })
}

/// Cache mounts for what is left, where it is known whose home the cache is in.
fn mounts(run: &Run<'_>, left: &[(&ShellCommand, Cache)]) -> Option<Edit> {
    let moved = run.step.env.get("HOME").is_some() || run.step.env.get("GOPATH").is_none();
    let set = run
        .script
        .commands
        .iter()
        .flat_map(|cmd| cmd.assignments.iter().chain(cmd.env.iter()))
        .any(|assignment| matches!(assignment.name.as_str(), "GOCACHE" | "GOPATH" | "GOMODCACHE" | "HOME"));
    if !run.editable() || !run.is_root() || moved || set {
        return None;
    }
    let flags: Vec<String> =
        left.iter().map(|(_, cache)| format!("--mount=type=cache,target={} ", cache.dir)).collect();
    Some(Edit::insert(run.instruction.args.start, flags.concat()))
}

/// `RUN --mount` came with version 1.2 of the frontend.
fn knows_mounts(cx: &Context<'_>) -> bool {
    let syntax = cx.dockerfile.directive("syntax").map_or("", |value| value.text.as_str());
    let version = syntax.rsplit_once(':').map_or("", |(_, version)| version);
    !["1.0", "1.1"]
        .iter()
        .any(|old| version == *old || version.strip_prefix(old).is_some_and(|rest| rest.starts_with(['.', '-'])))
}
