//! An application that is built and shipped in one stage: its toolchain, sources or build packages ship too.

mod packages;
mod purpose;

use packages::{build_packages_left, group_name, is_system, only_builds, removed_later, stays};
use purpose::{Purpose, command_of, is_for_developers, purpose, script_of, serves_by_itself};

use super::support::{Run, from_span, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Cost, Diagnostic, Severity, Waste};
use crate::model::{Manager, Source, Stage};
use crate::rewrite::RewritePlan;
use crate::rewrite::toolchains::detect::{self, Language, Work};
use crate::shell::ShellCommand;
use crate::size;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "single-stage-build",
    aliases: &[],
    summary: "an application is built in the image that runs it, with its toolchain and sources",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/single-stage-build.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let [stage] = cx.model.stages.as_slice() else { return };
    if stage.windows || is_for_developers(cx, stage) {
        return;
    }
    let sign = match purpose(stage) {
        _ if base_builds_by_itself(stage) => Some(Sign {
            message: "the image that runs the application also holds what it was built with".to_string(),
            span: from_span(cx, stage),
            label: "its ONBUILD instructions build here",
        }),
        Purpose::Application => sign(cx, stage),
        Purpose::Unsaid => {
            fetched_and_built(cx, stage).or_else(|| forgotten_group(&runs(cx, stage).collect::<Vec<_>>()))
        }
        Purpose::Work => None,
    };
    let Some(sign) = sign else { return };
    let mut found = Diagnostic::at(from_span(cx, stage), sign.message).label(sign.span, sign.label);
    match cx.plan() {
        Ok(plan) => {
            if let Some(cost) = saved(plan) {
                found = found.waste(Waste::Rewrite(cost));
            }
            found = found.help(format!("build in one stage and ship {}: {}", plan.base, plan.why_base));
            let proved = plan.obligations.iter().all(|obligation| obligation.proved);
            let applicability = if proved { Applicability::Safe } else { Applicability::Unsafe };
            out.push(found.rewrite(applicability, title(plan), plan.edits.clone()));
        }
        Err(refusal) => {
            let help = if refusal.help.is_empty() { String::new() } else { format!("; {}", refusal.help) };
            out.push(found.help(format!(
                "build in one stage and copy the result to another; not rewritten here ({}): {}{help}",
                refusal.reason, refusal.message
            )));
        }
    }
}

fn title(plan: &RewritePlan) -> String {
    if plan.lost.is_empty() {
        return format!("Build in one stage, ship {}", plan.base);
    }
    // What stands in brackets is for the plan.
    let lost: Vec<&str> = plan.lost.iter().map(|lost| lost.split(" (").next().unwrap_or(lost)).collect();
    format!("Build in one stage, ship {} without {}", plan.base, lost.join(", "))
}

fn saved(plan: &RewritePlan) -> Option<Cost> {
    Some(size::difference(plan.before?, plan.after?))
}

/// What shows that something is built here and stays.
struct Sign {
    message: String,
    span: Span,
    label: &'static str,
}

fn sign(cx: &Context<'_>, stage: &Stage) -> Option<Sign> {
    let all: Vec<Run<'_>> = runs(cx, stage).collect();
    compiled(&all, stage)
        .or_else(|| run_from_sources(cx, stage))
        .or_else(|| dependencies(&all, stage))
        .or_else(|| forgotten_group(&all))
}

/// A command compiles, and what it compiles with is still there afterwards.
fn compiled(all: &[Run<'_>], stage: &Stage) -> Option<Sign> {
    let base = base_language(stage);
    let mut left = false;
    for run in all {
        left |= build_packages_left(run);
        for (index, cmd) in run.script.commands.iter().enumerate() {
            let language = match detect::command(cmd) {
                Some((language, Work::Compiles)) => Some(language),
                // `./build.sh` where the toolchain comes with the base.
                _ if base.is_some() && is_build_script(cmd, &["build", "compile"]) && !makes_part(cmd) => base,
                _ => continue,
            };
            // `make` of some package in an image that then drops its compilers is no application of a stage.
            let kept = (base.is_some() && base == language) || left || !removed_later(run, index);
            if kept && !is_check(cmd) {
                return Some(Sign {
                    message: "the image that runs the application also holds what it was built with".to_string(),
                    span: cmd.span,
                    label: "built here",
                });
            }
        }
    }
    None
}

/// An image that does not say what it runs, and for which a program is compiled with compilers that were installed for
/// it: people call that program. On a base that is a toolchain itself it would be a toolchain with one more tool.
fn fetched_and_built(cx: &Context<'_>, stage: &Stage) -> Option<Sign> {
    let all: Vec<Run<'_>> = runs(cx, stage).collect();
    let compilers = stage
        .steps
        .iter()
        .flat_map(|step| &step.installs)
        .filter(|install| is_system(install.manager))
        .flat_map(|install| &install.packages)
        .any(|package| only_builds(&package.name));
    let added = stage.steps.iter().filter_map(|step| step.copied.as_ref()).any(|copied| {
        copied.sources.iter().any(|source| source.path.as_deref().is_some_and(|path| path.contains("://")))
    });
    let fetched = added || all.iter().flat_map(|run| &run.script.commands).any(|cmd| downloads(cmd) || clones(cmd));
    let has_compiler = stage.facts().is_some_and(|facts| facts.gcc);
    if base_language(stage).is_some() || has_compiler || !compilers || !fetched || is_workspace_base(stage) {
        return None;
    }
    compiled(&all, stage).or_else(|| {
        let (run, index) =
            all.iter().find_map(|run| Some((run, run.script.commands.iter().position(builds_somehow)?)))?;
        (!removed_later(run, index)).then(|| Sign {
            message: "the image that runs the application also holds what it was built with".to_string(),
            span: run.script.commands.get(index).map_or(run.instruction.content, |cmd| cmd.span),
            label: "built here",
        })
    })
}

/// An image for people to work in, which gets one more tool: `eclipse/stack-base`, `vscode/devcontainers/base`.
fn is_workspace_base(stage: &Stage) -> bool {
    let Some(image) = stage.image() else { return false };
    let named = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
            matches!(part, "stack" | "stacks" | "devcontainer" | "devcontainers" | "workspace" | "gitpod" | "notebook")
        })
    };
    named(&image.repository.text)
}

fn downloads(cmd: &ShellCommand) -> bool {
    matches!(cmd.name.text.as_str(), "wget" | "curl")
}

/// Sources are fetched by a version control system.
fn clones(cmd: &ShellCommand) -> bool {
    let verbs: &[&str] = match cmd.name.text.as_str() {
        "git" | "hg" => &["clone"],
        "bzr" => &["branch", "checkout"],
        "svn" => &["checkout", "co", "export"],
        _ => return false,
    };
    cmd.args.iter().any(|arg| verbs.contains(&arg.text.as_str()))
}

/// A fetched program is put in place by its own means, or the modules that it needs are compiled.
fn builds_somehow(cmd: &ShellCommand) -> bool {
    let modules = matches!(cmd.name.text.as_str(), "cpan" | "cpanm" | "cpm" | "carton")
        && matches!(detect::command(cmd), Some((_, Work::Dependencies)));
    installs_sources(cmd) || is_build_script(cmd, BUILDS) || is_install_script(cmd) || modules
}

/// `./install.sh`, `bash tool/tool-install.sh linux`.
fn is_install_script(cmd: &ShellCommand) -> bool {
    let installs = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or(text).to_ascii_lowercase();
        name.ends_with(".sh") && name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == "install")
    };
    installs(&cmd.name.text)
        || (matches!(cmd.name.text.as_str(), "sh" | "bash") && first_operand(cmd).is_some_and(installs))
}

fn first_operand(cmd: &ShellCommand) -> Option<&str> {
    cmd.args.iter().map(|arg| arg.text.as_str()).find(|text| !text.starts_with('-'))
}

/// `python setup.py install`, `pip install .`: the sources that stand there, not a library from elsewhere.
fn installs_sources(cmd: &ShellCommand) -> bool {
    let here = |arg: &str| arg.ends_with("setup.py") || arg == "." || arg.starts_with("./") || arg.starts_with("git+");
    matches!(detect::command(cmd), Some((Language::Python, Work::Dependencies)))
        && cmd.args.iter().any(|arg| here(&arg.text))
}

/// Words of a script's name that say that it builds.
const BUILDS: &[&str] = &["build", "compile", "make", "deploy"];

/// A script of the author's that builds, as its name says: `./build.sh`, `sh compile_libpq.sh`, `python build.py`.
fn is_build_script(cmd: &ShellCommand, words: &[&str]) -> bool {
    let named = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or(text).to_ascii_lowercase();
        let script = [".sh", ".bash", ".py", ".js", ".mjs", ".rb", ".pl", ".ps1"].iter().any(|end| name.ends_with(end));
        (text.contains('/') || script)
            && name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| words.contains(&part))
    };
    match cmd.name.text.as_str() {
        "sh" | "bash" | "python" | "python2" | "python3" | "node" | "ruby" | "perl" | "pwsh" => {
            first_operand(cmd).is_some_and(named)
        }
        // A virtual display around the script.
        "xvfb-run" => cmd.args.iter().any(|arg| named(&arg.text)),
        "npm" | "yarn" | "pnpm" => words.contains(&"deploy") && cmd.args.iter().any(|arg| arg.text == "deploy"),
        name => named(name),
    }
}

/// `build-nginx-conf.sh` builds, but no program: its name says more than those of `build.sh` and `build_app.sh`.
fn makes_part(cmd: &ShellCommand) -> bool {
    let script = if cmd.name.text.contains('.') { None } else { first_operand(cmd) };
    let name = script.unwrap_or(&cmd.name.text).rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    !stem.split(|c: char| !c.is_ascii_alphanumeric()).all(|part| {
        let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(
            part,
            "" | "build" | "compile" | "run" | "do" | "docker" | "linux" | "app" | "all" | "server" | "client"
        ) || matches!(part, "frontend" | "backend" | "web" | "ui" | "prod" | "production" | "release" | "project")
    })
}

/// A program installs plugins for itself, which may have to be compiled: `vagrant plugin install vagrant-libvirt`.
fn installs_plugins(cmd: &ShellCommand) -> bool {
    let mut words = cmd.args.iter().map(|arg| arg.text.as_str());
    words.any(|word| matches!(word, "plugin" | "plugins")) && words.any(|word| matches!(word, "install" | "add"))
}

/// The command of the image compiles when the container starts.
fn run_from_sources(cx: &Context<'_>, stage: &Stage) -> Option<Sign> {
    let command = command_of(stage)?;
    let inst = cx.dockerfile.get(command.inst?)?;
    let runs = match script_of(stage, command) {
        Some(commands) => commands.iter().enumerate().any(|(index, cmd)| match detect::command(cmd) {
            Some((_, Work::RunsSources)) => true,
            // `go build && ./app`
            Some((_, Work::Compiles)) => index + 1 < commands.len(),
            _ => false,
        }),
        None => command.argv.split_first().is_some_and(|(program, words)| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            matches!(detect::of_words(program, &words), Some((_, Work::RunsSources)))
        }),
    };
    runs.then(|| Sign {
        message: "the image holds a toolchain, to build the application each time it starts".to_string(),
        span: inst.content,
        label: "built here, at every start",
    })
}

/// The application's libraries are installed with compilers or headers at hand, and those stay.
fn dependencies(all: &[Run<'_>], stage: &Stage) -> Option<Sign> {
    let installs = |run: &Run<'_>| {
        run.script.commands.iter().any(|cmd| {
            matches!(detect::command(cmd), Some((_, Work::Dependencies)))
                || is_build_script(cmd, BUILDS)
                || installs_plugins(cmd)
        })
    };
    if !all.iter().any(installs) || !brings_application(all, stage) {
        return None;
    }
    for (at, run) in all.iter().enumerate() {
        for install in run.step.installs.iter().filter(|install| is_system(install.manager)) {
            let Some(cmd) = run.script.commands.get(install.command) else { continue };
            let left = |name: &str| only_builds(name) && stays(run, install, name);
            let Some(package) = install.packages.iter().find(|package| left(&package.name)) else { continue };
            // The libraries come in the same RUN or a later one.
            if all.iter().skip(at).any(installs) {
                return Some(Sign {
                    message: "the image that runs the application also holds what its libraries were built with"
                        .to_string(),
                    span: if package.literal { package.span } else { cmd.span },
                    label: "installed here, and needed by no running program",
                });
            }
        }
    }
    None
}

/// `apk add --virtual .build-deps gcc`: packages with a name of their own, to be taken away by it, and nothing does.
fn forgotten_group(all: &[Run<'_>]) -> Option<Sign> {
    let commands = || all.iter().flat_map(|run| &run.script.commands);
    let works = commands().any(|cmd| detect::command(cmd).is_some() || cmd.name.text.ends_with("-gem"));
    for run in all.iter().filter(|_| works) {
        for install in run.step.installs.iter().filter(|install| install.manager == Manager::Apk) {
            let Some(cmd) = run.script.commands.get(install.command) else { continue };
            let Some(group) = group_name(cmd) else { continue };
            let deleted = commands().any(|other| {
                other.name.text == "apk"
                    && other.args.iter().any(|arg| arg.text == "del")
                    && other.args.iter().any(|arg| arg.text == group || !arg.literal)
            });
            let package = install.packages.iter().find(|package| only_builds(&package.name));
            if let (Some(package), false) = (package, deleted) {
                return Some(Sign {
                    message: format!("the packages of {group} are for building, and they stay in the image"),
                    span: if package.literal { package.span } else { cmd.span },
                    label: "installed here, and needed by no running program",
                });
            }
        }
    }
    None
}

/// Code is copied or fetched, not only a script to start with: an image of tools has none of its own.
fn brings_application(all: &[Run<'_>], stage: &Stage) -> bool {
    let copied = copies_code(stage);
    let mut commands = all.iter().flat_map(|run| &run.script.commands);
    let serves = serves_by_itself(stage);
    copied
        || commands.any(|cmd| clones(cmd) || (serves && downloads(cmd)))
        || runs_installed(all, stage)
        || starts_with_own_script(stage)
}

/// The image's command is a script that was copied: it starts what was installed. Where tools to work with are
/// installed too, the script may as well start a machine that builds and tests.
fn starts_with_own_script(stage: &Stage) -> bool {
    let tools = ["git", "sudo", "vim", "nano", "gdb", "jq", "docker.io", "docker-ce", "docker-cli", "openssh-server"];
    let packages = stage.steps.iter().flat_map(|step| &step.installs).flat_map(|install| &install.packages);
    if packages.into_iter().any(|package| tools.contains(&package.name.as_str())) {
        return false;
    }
    let name = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_string();
    let Some(program) = command_of(stage).and_then(|command| command.argv.first()).map(|text| name(text)) else {
        return false;
    };
    stage.steps.iter().filter_map(|step| step.copied.as_ref()).filter(|copied| copied.from == Source::Context).any(
        |copied| {
            copied.dest.as_deref().is_some_and(|dest| name(dest) == program)
                || copied.sources.iter().any(|source| source.path.as_deref().is_some_and(|path| name(path) == program))
        },
    )
}

fn copies_code(stage: &Stage) -> bool {
    let is_code = |path: &str| {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let ending = name.rsplit_once('.').map_or("", |(stem, ending)| if stem.is_empty() { "" } else { ending });
        !matches!(
            ending,
            "sh" | "bash" | "conf" | "cfg" | "cnf" | "ini" | "repo" | "list" | "pem" | "crt" | "key" | "asc" | "gpg"
        ) && !name.contains("entrypoint")
    };
    stage.steps.iter().filter_map(|step| step.copied.as_ref()).any(|copied| {
        copied.from == Source::Context && copied.sources.iter().any(|source| source.path.as_deref().is_none_or(is_code))
    })
}

/// The image's command is a program that a language's package manager has brought, `gem install earthquake`, or one that
/// installs plugins for itself.
fn runs_installed(all: &[Run<'_>], stage: &Stage) -> bool {
    let Some(program) = command_of(stage).and_then(|command| command.argv.first()) else { return false };
    let program = program.split_whitespace().find(|word| *word != "exec").unwrap_or("");
    let program = program.rsplit('/').next().unwrap_or(program);
    let mut commands = all.iter().flat_map(|run| &run.script.commands);
    if commands.any(|cmd| cmd.name.text == program && installs_plugins(cmd)) {
        return true;
    }
    let installs = all.iter().flat_map(|run| &run.step.installs).filter(|install| !is_system(install.manager));
    !program.is_empty() && installs.flat_map(|install| &install.packages).any(|package| package.name == program)
}

/// `FROM golang:onbuild` copies the sources and compiles them, without a word in the file.
fn base_builds_by_itself(stage: &Stage) -> bool {
    let onbuild = |tag: &str| tag.split('-').any(|part| part == "onbuild");
    let tag = stage.image().and_then(|image| image.tag.as_ref()).is_some_and(|tag| onbuild(&tag.text));
    tag && matches!(base_language(stage), Some(Language::Go | Language::Rust | Language::Jvm | Language::Haskell))
}

/// `make check`, `cmake --version`: nothing is made.
fn is_check(cmd: &ShellCommand) -> bool {
    !cmd.args.is_empty()
        && cmd.args.iter().all(|arg| matches!(arg.text.as_str(), "--version" | "-v" | "-V" | "--help" | "version"))
}

fn base_language(stage: &Stage) -> Option<Language> {
    let image = stage.image()?;
    // buildpack-deps has a compiler only in its full variant.
    let bare = image.tag.as_ref().is_some_and(|tag| tag.text.ends_with("curl") || tag.text.ends_with("scm"));
    detect::base(&image.repository.text).filter(|language| *language != Language::C || !bare)
}
