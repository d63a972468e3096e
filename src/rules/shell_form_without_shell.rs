//! A shell form where the image has no shell.

use super::support::exec_form::exec_form;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Base, SourceKind, Stage, Step};
use crate::syntax::{Body, Command, Instruction};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "shell-form-without-shell",
    aliases: &[],
    summary: "a command in shell form, in an image that has no shell",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/shell-form-without-shell.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| starts_without_shell(cx, stage)) {
        if ancestors(cx, stage).iter().any(|stage| brings_shell(&stage.steps)) {
            continue;
        }
        for (index, step) in
            stage.steps.iter().enumerate().filter(|(_, step)| !step.onbuild && step.shell.set_by.is_none())
        {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            let Some(what) = failing(stage, instruction) else { continue };
            let before = if matches!(instruction.body, Body::Run(_)) { index } else { stage.steps.len() };
            if brings_shell(stage.steps.get(..before).unwrap_or_default()) {
                continue;
            }
            out.push(report(cx, step, instruction, what));
        }
    }
}

fn report(cx: &Context<'_>, step: &Step, instruction: &Instruction, what: &str) -> Diagnostic {
    let found = Diagnostic::at(instruction.content, format!("{what}: the image has no /bin/sh"));
    let Some(Command::Shell(span)) = instruction.command() else { return found };
    let found = found.help(match instruction.body {
        Body::Run(_) => "do this in the stage that builds and copy the result, or take a base with a shell",
        _ => "use the exec form, or a base with a shell",
    });
    match exec_form(cx, step, instruction).filter(|_| !matches!(instruction.body, Body::Run(_))) {
        Some(json) => found.fix(Applicability::Unsafe, "Use the exec form", vec![Edit::replace(*span, json)]),
        None => found,
    }
}

/// What fails, when the instruction needs a shell.
fn failing(stage: &Stage, instruction: &Instruction) -> Option<&'static str> {
    match &instruction.body {
        Body::Run(Command::Shell(_)) => Some("this RUN fails"),
        Body::Entrypoint(Command::Shell(_)) => Some("the container does not start"),
        Body::HealthcheckCmd { command: Command::Shell(_), .. } => Some("the health check always fails"),
        // With an ENTRYPOINT the words `/bin/sh -c …` are only its arguments.
        Body::Cmd(Command::Shell(_))
            if stage.config.entrypoint.as_ref().is_none_or(|command| command.argv.is_empty()) =>
        {
            Some("the container does not start")
        }
        _ => None,
    }
}

/// The base surely has no shell. Debug variants of distroless have one.
fn starts_without_shell(cx: &Context<'_>, stage: &Stage) -> bool {
    match &stage.base {
        Base::Scratch => true,
        Base::Stage(id) => cx.model.stage(*id).is_some_and(|base| base.id < stage.id && starts_without_shell(cx, base)),
        Base::Image { reference } => {
            let debug =
                reference.tag.as_ref().is_some_and(|tag| tag.text.contains("debug") || tag.text.contains("dev"));
            !debug && !stage.windows && stage.facts().is_some_and(|facts| facts.shell.is_none())
        }
        Base::Unresolved(_) => false,
    }
}

/// The stages that this one stands on.
fn ancestors<'a>(cx: &'a Context<'_>, stage: &Stage) -> Vec<&'a Stage> {
    let mut found = Vec::new();
    let mut base = &stage.base;
    while let Base::Stage(id) = base {
        let Some(stage) =
            cx.model.stage(*id).filter(|below| found.last().is_none_or(|last: &&Stage| below.id < last.id))
        else {
            break;
        };
        found.push(stage);
        base = &stage.base;
    }
    found
}

/// Something is copied that may hold a shell: a whole root, a /bin, an archive, a file called like one.
fn brings_shell(steps: &[Step]) -> bool {
    let like_shell =
        |path: &str| matches!(path.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ash" | "busybox" | "bin"));
    steps.iter().filter_map(|step| step.copied.as_ref()).any(|copied| {
        let Some(dest) = copied.dest.as_deref() else { return true };
        let whole = |path: &Option<String>| path.as_deref().is_none_or(|path| !single_file(path) || like_shell(path));
        let sources = || copied.sources.iter().filter(|source| source.kind == SourceKind::Path);
        let archive =
            |path: &Option<String>| path.as_deref().is_none_or(|path| path.contains(".tar") || path.ends_with(".tgz"));
        let root = matches!(dest, "/" | "/bin" | "/usr" | "/usr/bin");
        like_shell(dest)
            || sources().any(|source| source.path.as_deref().is_none_or(like_shell))
            || (root && sources().any(|source| archive(&source.path) || whole(&source.path)))
    })
}

/// A path that ends like the name of one file or program and not like a directory's content.
fn single_file(path: &str) -> bool {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    !path.ends_with('/')
        && !path.contains('*')
        && !matches!(name, "" | "." | "rootfs" | "root" | "dist" | "out" | "output" | "install" | "target")
}
