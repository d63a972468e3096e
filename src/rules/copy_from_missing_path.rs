//! `COPY --from` of a path that the other stage never makes; only where everything that could make it is understood.

use super::support::{absolute, chain, directory, go, inside, is_run, normal};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{MountKind, Source, SourceKind, Stage, Step};
use crate::rewrite::toolchains::go::{GoKind, GoOutput, Outputs};
use crate::shell::{Script, ShellCommand};
use crate::syntax::{Body, Instruction};
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "copy-from-missing-path",
    aliases: &[],
    summary: "COPY --from takes a path that the other stage never makes",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/copy-from-missing-path.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(copied) = &step.copied else { continue };
            let Source::Stage(from) = copied.from else { continue };
            let (Some(from), Some(instruction)) = (cx.model.stage(from), cx.dockerfile.get(step.inst)) else {
                continue;
            };
            for (source, word) in copied.sources.iter().zip(words(instruction)) {
                let Some(path) = source.path.as_deref().filter(|_| source.kind == SourceKind::Path) else { continue };
                let path = normal(path);
                if path == "/" || path.contains(['*', '?', '[']) {
                    continue;
                }
                if let Some(found) = missing(cx, from, &path, word) {
                    out.push(found);
                }
            }
        }
    }
}

fn words(instruction: &Instruction) -> Vec<Span> {
    instruction.transfer().map_or_else(Vec::new, |transfer| transfer.sources.iter().map(|source| source.span).collect())
}

fn missing(cx: &Context<'_>, from: &Stage, path: &str, at: Span) -> Option<Diagnostic> {
    if let Some(mount) = only_in_cache(cx, from, path) {
        return Some(
            Diagnostic::at(at, format!("`{path}` is in a cache mount, which is not part of the stage"))
                .label(mount, "mounted here, for this RUN only")
                .help("copy it to another place in the RUN that makes it, and take it from there"),
        );
    }
    let mut made = Paths::default();
    for stage in chain(cx, from) {
        if !stage.children.is_empty() && stage.id != from.id && stage.steps.is_empty() {
            continue;
        }
        for (index, step) in stage.steps.iter().enumerate().filter(|(_, step)| !step.onbuild) {
            read(cx, stage, index, step, path, &mut made)?;
        }
    }
    if in_base(cx, from, path) || made.hold(path) {
        return None;
    }
    let found = Diagnostic::at(at, format!("nothing in that stage makes `{path}`"));
    let near = made.nearest(path);
    Some(match near {
        Some(near) => found.help(format!("that stage makes `{near}`")),
        None => found.help("check the path against what the stage builds and its working directory"),
    })
}

/// Absolute paths of files and directories that a stage makes.
#[derive(Default)]
struct Paths(Vec<String>);

impl Paths {
    fn hold(&self, path: &str) -> bool {
        self.0.iter().any(|made| inside(made, path))
    }

    /// A made file with the same name, or the only one there is.
    fn nearest(&self, path: &str) -> Option<&str> {
        let name = path.rsplit('/').next();
        self.0.iter().find(|made| made.rsplit('/').next() == name).map(String::as_str)
    }
}

/// Adds what the step makes; `None` when it may make the path in a way that is not understood.
fn read(cx: &Context<'_>, stage: &Stage, index: usize, step: &Step, path: &str, made: &mut Paths) -> Option<()> {
    let instruction = cx.dockerfile.get(step.inst)?;
    match &instruction.body {
        Body::Copy(_) | Body::Add(_) => copy(cx, stage, step, path, made),
        Body::Run(_) => {
            let script = step.script.as_ref()?;
            run(cx, stage, step, script, path, made)
        }
        Body::Workdir(_) => {
            // The directory in force afterwards is that of the next step, or the stage's own.
            let next =
                stage.steps.get(index + 1).map_or(stage.config.working_dir.as_deref(), |next| next.workdir.as_deref());
            made.0.push(normal(next?));
            Some(())
        }
        Body::Invalid | Body::Onbuild(_) | Body::Volume { .. } => None,
        _ => Some(()),
    }
}

fn copy(cx: &Context<'_>, stage: &Stage, step: &Step, path: &str, made: &mut Paths) -> Option<()> {
    let copied = step.copied.as_ref()?;
    let dest = normal(copied.dest.as_deref()?);
    made.0.push(dest.clone());
    if copied.from == Source::Context
        && let Some(tree) = go::tree(cx, stage)
        && cx.build_context.is_some_and(|context| context.complete)
        && copied.sources.iter().all(|source| source.kind == SourceKind::Path)
    {
        // With the build context at hand it is known what is there.
        made.0.extend(tree.under(&dest).map(|(path, _)| path.to_string()));
        return Some(());
    }
    // What a directory holds is not known.
    if inside(path, &dest) && path != dest { None } else { Some(()) }
}

fn run(cx: &Context<'_>, stage: &Stage, step: &Step, script: &Script, path: &str, made: &mut Paths) -> Option<()> {
    if script.opaque.is_some() || !script.substitutions.iter().all(quiet) {
        return None;
    }
    for cmd in &script.commands {
        for redirect in cmd.redirects.iter().chain(cmd.outer_redirects.iter()) {
            made.0.push(absolute(step, cmd, &redirect.target)?);
        }
        let targets = || cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
        match cmd.name.text.as_str() {
            "go" => {
                let outputs = go_outputs(cx, stage, cmd)?;
                // `mkdir bin && go build -o bin`: a directory, in which the program has its own name.
                if outputs.iter().any(|output| inside(path, output) && path != output) {
                    return None;
                }
                made.0.extend(outputs);
            }
            "mkdir" | "touch" | "tee" => {
                for target in targets() {
                    made.0.push(absolute(step, cmd, target).filter(|path| !path.contains(['*', '?', '{']))?);
                }
            }
            "cp" | "mv" | "ln" | "install" => {
                let dest = absolute(step, cmd, targets().next_back()?)?;
                // A directory may come with everything in it.
                if inside(path, &dest) && path != dest {
                    return None;
                }
                made.0.push(dest);
                for source in targets() {
                    let source = absolute(step, cmd, source)?;
                    let name = source.rsplit('/').next()?.to_string();
                    made.0.push(format!("{}/{name}", made.0.last()?.clone()));
                }
            }
            _ if quiet(cmd) => {}
            _ => return None,
        }
        directory(step, cmd)?;
    }
    Some(())
}

/// The command makes nothing outside of the system's own directories.
fn quiet(cmd: &ShellCommand) -> bool {
    let names = [
        "",
        "[",
        "addgroup",
        "adduser",
        "apk",
        "apt",
        "apt-get",
        "cat",
        "cd",
        "chgrp",
        "chmod",
        "chown",
        "echo",
        "env",
        "export",
        "groupadd",
        "ls",
        "printf",
        "pwd",
        "rm",
        "set",
        "sleep",
        "test",
        "true",
        "update-ca-certificates",
        "useradd",
        "which",
    ];
    !cmd.opaque && names.contains(&cmd.name.text.as_str())
}

fn go_outputs(cx: &Context<'_>, stage: &Stage, cmd: &ShellCommand) -> Option<Vec<String>> {
    let build = go::builds(cx, stage).into_iter().find(|build| build.command.span == cmd.span)?;
    match (&build.go.kind, &build.go.outputs) {
        (GoKind::Test | GoKind::EnvWrite | GoKind::Other, _) => Some(Vec::new()),
        // Modules and sums, which nobody copies; `vendor` is a tree.
        (GoKind::Mod, _) => (!cmd.args.iter().any(|arg| arg.text == "vendor")).then(Vec::new),
        (GoKind::Build | GoKind::Install, Outputs::Files(files)) => {
            // The base has no directory of that name outside of its own, so that `-o path` surely names a file.
            let sure = |file: &GoOutput| {
                file.proved
                    || (file.package_dir.is_some() && cx.build_context.is_some() && !in_base(cx, stage, &file.path))
            };
            files.iter().all(sure).then(|| files.iter().map(|file| file.path.clone()).collect())
        }
        (GoKind::Build | GoKind::Install, Outputs::Nothing) => Some(Vec::new()),
        _ => None,
    }
}

/// Directories of the base image, in which anything may be.
fn in_base(cx: &Context<'_>, from: &Stage, path: &str) -> bool {
    let known = chain(cx, from).first().is_some_and(|root| {
        root.facts().is_some_and(|facts| {
            facts.seen && matches!(facts.family.as_str(), "debian" | "ubuntu" | "alpine" | "scratch")
        })
    });
    let system = [
        "bin", "boot", "dev", "etc", "go", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc",
        "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var",
    ];
    let first = path.split('/').nth(1).unwrap_or("");
    !known || system.contains(&first)
}

/// The path lies in a cache mount of every RUN that could make it.
fn only_in_cache(cx: &Context<'_>, from: &Stage, path: &str) -> Option<Span> {
    let mut mount = None;
    for stage in chain(cx, from) {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            if is_run(instruction) {
                let cached = step.mounts.iter().any(|mount| {
                    mount.kind == MountKind::Cache
                        && mount.target.as_deref().is_some_and(|target| inside(path, target) && target != "/")
                });
                if cached {
                    mount = instruction.flags.first().map(|flag| flag.span);
                } else if !step
                    .script
                    .as_ref()
                    .is_some_and(|script| script.opaque.is_none() && script.commands.iter().all(quiet))
                {
                    return None;
                }
            } else if let Some(copied) = &step.copied {
                // The mount hides what was copied there before, but the stage still has it: only with the build
                // context at hand is it known that this path is not among it.
                let dest = normal(copied.dest.as_deref()?);
                let absent = copied.from == Source::Context
                    && go::tree(cx, stage).is_some_and(|tree| tree.context.complete && tree.origin(path).is_none());
                if (inside(path, &dest) || inside(&dest, path)) && !absent {
                    return None;
                }
            }
        }
    }
    mount
}
