//! COPY of the whole context before an install that needs only a few of its files.

use super::support::{Run, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Action, Manager, MountKind, PackageKind, Source, SourceKind, Step};
use crate::shell::ShellCommand;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "source-copied-before-install",
    aliases: &[],
    summary: "the sources are copied before the dependencies are installed, so every change installs them again",
    category: Category::Cache,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/source-copied-before-install.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let Some(copy) = stage.steps.iter().position(copies_all) else { continue };
        let Some(step) = stage.steps.get(copy) else { continue };
        let runs: Vec<Run<'_>> = runs(cx, stage).collect();
        // Who has installed with the same program before has the layers apart already.
        let before: Vec<String> =
            runs.iter().filter(|run| run.index < copy).flat_map(|run| installs(run).map(|(_, name, _)| name)).collect();
        let found = runs
            .iter()
            .filter(|run| run.index > copy && !run.step.mounts.iter().any(|mount| mount.kind == MountKind::Cache))
            .flat_map(installs)
            .find(|(_, name, _)| !before.contains(name));
        let (Some((span, name, files)), Some(instruction)) = (found, cx.dockerfile.get(step.inst)) else { continue };
        out.push(
            Diagnostic::at(instruction.content, "every change of any file here installs the dependencies again")
                .label(span, format!("{name} runs after it"))
                .help(match files {
                    Some(files) => format!("copy {files} first, install, and copy the rest after that"),
                    None => format!("run {name} before the COPY"),
                }),
        );
    }
}

/// `COPY . /app`
fn copies_all(step: &Step) -> bool {
    let whole = |copied: &crate::model::Copied| {
        copied.from == Source::Context
            && copied.sources.iter().any(|source| {
                let path = source.path.as_deref().map(|path| path.trim_start_matches("./").trim_matches('/'));
                source.kind == SourceKind::Path && matches!(path, Some("" | "." | "*"))
            })
    };
    !step.onbuild && step.copied.as_ref().is_some_and(whole)
}

/// The installs of a RUN that need at most a few files of the sources: where, by which program, and which files.
fn installs<'a>(run: &Run<'a>) -> impl Iterator<Item = (Span, String, Option<&'static str>)> + use<'a> {
    let step = run.step;
    run.script.commands.iter().filter_map(move |cmd| {
        let (name, files) = needs(step, cmd)?;
        Some((cmd.span, name.to_string(), files))
    })
}

fn needs(step: &Step, cmd: &ShellCommand) -> Option<(&'static str, Option<&'static str>)> {
    let word = |at: usize| {
        let mut words = cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
        words.nth(at).map_or("", |arg| arg.text.as_str())
    };
    // `cd frontend && npm ci`: which files it needs is not known from here.
    let here = cmd.dir.as_deref() == Some("") || cmd.dir.as_deref() == step.workdir.as_deref();
    match cmd.name.text.as_str() {
        "bundle" if here && word(0) == "install" => return Some(("bundle install", Some("Gemfile and Gemfile.lock"))),
        "composer" if here && word(0) == "install" && cmd.has_flag(&["--no-autoloader", "--no-scripts"]) => {
            return Some(("composer install", Some("composer.json and composer.lock")));
        }
        "go" if here && word(0) == "mod" && word(1) == "download" => {
            return Some(("go mod download", Some("go.mod and go.sum")));
        }
        "pipenv" if here && matches!(word(0), "install" | "sync") => {
            return Some(("pipenv install", Some("Pipfile and Pipfile.lock")));
        }
        "poetry" if here && word(0) == "install" && cmd.has_flag(&["--no-root"]) => {
            return Some(("poetry install", Some("pyproject.toml and poetry.lock")));
        }
        _ => {}
    }
    let call = crate::model::call(cmd).filter(|call| call.action == Action::Install)?;
    let operands = call.operands(cmd);
    match call.facts.manager {
        Manager::Npm if here && operands.is_empty() => Some(("npm", Some("package.json and the lock file"))),
        Manager::Yarn if here && operands.is_empty() => Some(("yarn", Some("package.json and yarn.lock"))),
        Manager::Pnpm if here && operands.is_empty() => Some(("pnpm", Some("package.json and pnpm-lock.yaml"))),
        // `pip install -r requirements.txt`, and nothing of the sources beside it.
        Manager::Pip if here && operands.is_empty() && cmd.has_flag(&["-r", "--requirement"]) => {
            let editable = cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "-e" | "--editable"));
            (!editable).then_some(("pip", Some("the file of requirements")))
        }
        manager @ (Manager::Apt | Manager::Apk | Manager::Dnf | Manager::Yum | Manager::Microdnf) => {
            let install = step.installs.iter().find(|install| {
                install.verb == call.verb.and_then(|at| cmd.args.get(at)).map_or(cmd.name.span, |verb| verb.span)
            })?;
            let named = !install.packages.is_empty()
                && install.packages.iter().all(|package| package.literal && package.kind == PackageKind::Named);
            let name = match manager {
                Manager::Apt => "apt-get",
                Manager::Apk => "apk",
                Manager::Dnf => "dnf",
                Manager::Yum => "yum",
                _ => "microdnf",
            };
            named.then_some((name, None))
        }
        _ => None,
    }
}
