//! An application that is built and shipped in one stage: its toolchain, sources or build packages ship too.

use super::support::{Run, from_span, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Cost, Diagnostic, Severity, Waste};
use crate::model::{ConfigCommand, Manager, Source, Stage};
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
    format!("Build in one stage, ship {} without {}", plan.base, plan.lost.join(", "))
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
    for run in all {
        for (index, cmd) in run.script.commands.iter().enumerate() {
            let Some((language, Work::Compiles)) = detect::command(cmd) else { continue };
            // `make` of some package in an image that then drops its compilers is no application of a stage.
            let kept = base == Some(language) || !removed_later(run, index);
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
    let fetched = all.iter().flat_map(|run| &run.script.commands).any(|cmd| downloads(cmd) || clones(cmd));
    let has_compiler = stage.facts().is_some_and(|facts| facts.gcc);
    if base_language(stage).is_some() || has_compiler || !compilers || !fetched {
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

/// A fetched program is put in place by its own means.
fn builds_somehow(cmd: &ShellCommand) -> bool {
    let name = cmd.name.text.to_ascii_lowercase();
    let installer = name.ends_with(".sh") && name.contains("install");
    installs_sources(cmd) || is_build_script(cmd) || installer
}

/// `python setup.py install`, `pip install .`: the sources that stand there, not a library from elsewhere.
fn installs_sources(cmd: &ShellCommand) -> bool {
    let here = |arg: &str| arg.ends_with("setup.py") || arg == "." || arg.starts_with("./") || arg.starts_with("git+");
    matches!(detect::command(cmd), Some((Language::Python, Work::Dependencies)))
        && cmd.args.iter().any(|arg| here(&arg.text))
}

/// A script of the author's that builds, as its name says: `./build.sh`, `sh compile_libpq.sh`, `npm run deploy`.
fn is_build_script(cmd: &ShellCommand) -> bool {
    let named = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or(text).to_ascii_lowercase();
        (text.contains('/') || name.ends_with(".sh"))
            && name
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|part| matches!(part, "build" | "compile" | "make" | "deploy"))
    };
    let first = cmd.args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
    match cmd.name.text.as_str() {
        "sh" | "bash" => named(first),
        // A virtual display around the script.
        "xvfb-run" => cmd.args.iter().any(|arg| named(&arg.text)),
        "npm" | "yarn" | "pnpm" => cmd.args.iter().any(|arg| arg.text == "deploy"),
        name => named(name),
    }
}

/// The command of the image compiles when the container starts.
fn run_from_sources(cx: &Context<'_>, stage: &Stage) -> Option<Sign> {
    let command = command_of(stage)?;
    let inst = cx.dockerfile.get(command.inst?)?;
    let step = stage.steps.iter().find(|step| Some(step.inst) == command.inst)?;
    let script = step.script.as_ref()?;
    let runs = script.commands.iter().any(|cmd| matches!(detect::command(cmd), Some((_, Work::RunsSources))));
    runs.then(|| Sign {
        message: "the image holds a toolchain, to build the application each time it starts".to_string(),
        span: inst.content,
        label: "built here, at every start",
    })
}

/// The application's libraries are installed with compilers or headers at hand, and those stay.
fn dependencies(all: &[Run<'_>], stage: &Stage) -> Option<Sign> {
    let installs = |run: &Run<'_>| {
        run.script
            .commands
            .iter()
            .any(|cmd| matches!(detect::command(cmd), Some((_, Work::Dependencies))) || is_build_script(cmd))
    };
    if !all.iter().any(installs) || !brings_application(all, stage) {
        return None;
    }
    for (at, run) in all.iter().enumerate() {
        for install in run.step.installs.iter().filter(|install| is_system(install.manager)) {
            let Some(cmd) = run.script.commands.get(install.command) else { continue };
            let stays = |name: &str| only_builds(name) && !removed_by_name(run, install.command, name);
            let Some(package) = install.packages.iter().find(|package| stays(&package.name)) else { continue };
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

/// The name behind `--virtual` or `-t`.
fn group_name(cmd: &ShellCommand) -> Option<&str> {
    let at = cmd.args.iter().position(|arg| arg.text == "-t" || arg.text.starts_with("--virtual"))?;
    match cmd.args.get(at)?.text.strip_prefix("--virtual=") {
        Some(name) => Some(name),
        None => cmd.args.get(at + 1).map(|arg| arg.text.as_str()),
    }
}

/// No running program needs a package of that name.
fn only_builds(name: &str) -> bool {
    detect::is_compiler_package(name) || detect::is_headers_package(name)
}

/// Code is copied or fetched, not only a script to start with: an image of tools has none of its own.
fn brings_application(all: &[Run<'_>], stage: &Stage) -> bool {
    let is_code = |path: &str| {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let ending = name.rsplit_once('.').map_or("", |(stem, ending)| if stem.is_empty() { "" } else { ending });
        !matches!(
            ending,
            "sh" | "bash" | "conf" | "cfg" | "cnf" | "ini" | "repo" | "list" | "pem" | "crt" | "key" | "asc" | "gpg"
        ) && !name.contains("entrypoint")
    };
    let copied = stage.steps.iter().filter_map(|step| step.copied.as_ref()).any(|copied| {
        copied.from == Source::Context && copied.sources.iter().any(|source| source.path.as_deref().is_none_or(is_code))
    });
    let mut commands = all.iter().flat_map(|run| &run.script.commands);
    let serves = is_server_base(stage);
    copied || commands.any(|cmd| clones(cmd) || (serves && downloads(cmd))) || runs_installed(all, stage)
}

/// The image's command is a program that a language's package manager has brought: `gem install earthquake`.
fn runs_installed(all: &[Run<'_>], stage: &Stage) -> bool {
    let Some(program) = command_of(stage).and_then(|command| command.argv.first()) else { return false };
    let program = program.split_whitespace().find(|word| *word != "exec").unwrap_or("");
    let program = program.rsplit('/').next().unwrap_or(program);
    let installs = all.iter().flat_map(|run| &run.step.installs).filter(|install| !is_system(install.manager));
    !program.is_empty() && installs.flat_map(|install| &install.packages).any(|package| package.name == program)
}

fn is_system(manager: Manager) -> bool {
    matches!(manager, Manager::Apt | Manager::Apk | Manager::Dnf | Manager::Yum | Manager::Microdnf | Manager::Zypper)
}

/// A later command of the same RUN removes packages.
fn removed_later(run: &Run<'_>, index: usize) -> bool {
    run.script.commands.iter().skip(index + 1).any(removes)
}

fn removes(cmd: &ShellCommand) -> bool {
    let verb = |verbs: &[&str]| cmd.args.iter().any(|arg| verbs.contains(&arg.text.as_str()));
    match cmd.name.text.as_str() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" | "zypper" => {
            verb(&["purge", "remove", "autoremove", "autopurge", "erase", "rm", "--auto-remove", "history"])
        }
        "apk" => verb(&["del"]),
        "dpkg" => verb(&["-r", "-P", "--purge", "--remove"]),
        "rpm" => verb(&["-e", "--erase"]),
        _ => false,
    }
}

/// A later command of the same RUN takes that package away. Without `autoremove`, apt takes what is named and leaves
/// the rest: `apt-get remove build-essential` leaves every compiler.
fn removed_by_name(run: &Run<'_>, index: usize, package: &str) -> bool {
    run.script.commands.iter().skip(index + 1).filter(|cmd| removes(cmd)).any(|cmd| {
        if !matches!(cmd.name.text.as_str(), "apt-get" | "apt" | "aptitude") {
            return true;
        }
        let auto = ["autoremove", "--auto-remove", "--autoremove", "autopurge"];
        cmd.args.iter().any(|arg| {
            let stem = arg.text.trim_end_matches('*');
            let named = arg.text == package || (stem != arg.text && package.starts_with(stem));
            named || !arg.literal || auto.contains(&arg.text.as_str())
        })
    })
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

/// What the container runs: ENTRYPOINT, or else CMD.
fn command_of(stage: &Stage) -> Option<&ConfigCommand> {
    let set = |command: &'_ Option<ConfigCommand>| command.as_ref().is_some_and(|command| !command.argv.is_empty());
    if set(&stage.config.entrypoint) {
        stage.config.entrypoint.as_ref()
    } else {
        stage.config.cmd.as_ref().filter(|cmd| !cmd.argv.is_empty())
    }
}

/// What an image is for, as far as its command tells.
enum Purpose {
    Application,
    /// The file sets no command.
    Unsaid,
    /// A shell, a test run, a compiler.
    Work,
}

fn purpose(stage: &Stage) -> Purpose {
    let config = &stage.config;
    let own = |command: &Option<ConfigCommand>| {
        command.as_ref().is_some_and(|command| command.inst.is_some() && !command.argv.is_empty())
    };
    if !own(&config.entrypoint) && !own(&config.cmd) {
        let mut copies = stage.steps.iter().filter_map(|step| step.copied.as_ref());
        let mut commands =
            stage.steps.iter().filter_map(|step| step.script.as_ref()).flat_map(|script| &script.commands);
        let serves = is_server_base(stage)
            && (copies.any(|copied| copied.from == Source::Context)
                || commands.any(|cmd| downloads(cmd) || clones(cmd)));
        return if serves { Purpose::Application } else { Purpose::Unsaid };
    }
    let mut argv: Vec<String> = Vec::new();
    for command in [&config.entrypoint, &config.cmd].into_iter().flatten() {
        match (command.shell_form, command.argv.last()) {
            (true, Some(text)) => argv.extend(text.split_whitespace().map(str::to_string)),
            _ => argv.extend(command.argv.iter().cloned()),
        }
    }
    let words: Vec<&str> = argv.iter().flat_map(|word| word.split_whitespace()).collect();
    // An entrypoint that prepares a shell: `/ros_entrypoint.sh bash`.
    let prepares = config.entrypoint.as_ref().is_some_and(|entrypoint| {
        let script = entrypoint.argv.last().is_some_and(|word| word.ends_with(".sh"));
        let cmd: Vec<&str> = config.cmd.iter().flat_map(|cmd| &cmd.argv).map(String::as_str).collect();
        script && !cmd.is_empty() && idles(&cmd)
    });
    if prepares || idles(&words) || tests(&words) { Purpose::Work } else { Purpose::Application }
}

/// Images whose own command is a server that serves what is copied in.
fn is_server_base(stage: &Stage) -> bool {
    let Some(image) = stage.image() else { return false };
    let name = image.repository.text.rsplit('/').next().unwrap_or("");
    let tag = image.tag.as_ref().map_or("", |tag| tag.text.as_str());
    matches!(name, "nginx" | "httpd" | "tomcat" | "caddy" | "jetty" | "wildfly")
        || (name == "php" && (tag.contains("apache") || tag.contains("fpm")))
}

/// Nothing of its own: a shell to work in, a wait without end, a compiler to be called.
fn idles(words: &[&str]) -> bool {
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_string();
    let shells = ["sh", "bash", "zsh", "ash", "fish", "dash", "pwsh", "tmux", "screen", "login"];
    let words: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !matches!(*word, "exec" | "tini" | "dumb-init" | "--" | "/sbin/tini" | "/usr/bin/tini"))
        .collect();
    let Some(first) = words.first() else { return true };
    let rest = words.get(1..).unwrap_or_default();
    let first = name(first);
    // `bash -c "…"` and `sh run.sh` run something.
    (shells.contains(&first.as_str()) && rest.iter().all(|word| word.starts_with('-') && !word.contains('c')))
        || words.windows(2).any(|pair| pair == ["-f", "/dev/null"])
        || (first == "sleep" && rest.contains(&"infinity"))
        || (matches!(
            first.as_str(),
            "go" | "cargo"
                | "gcc"
                | "g++"
                | "clang"
                | "mvn"
                | "gradle"
                | "make"
                | "cmake"
                | "npm"
                | "yarn"
                | "node"
                | "python"
                | "python3"
                | "jshell"
                | "dotnet"
                | "irb"
                | "iex"
                | "ghci"
                | "swift"
                | "rustc"
        ) && rest.is_empty())
        || matches!(
            first.as_str(),
            "true" | "false" | "echo" | "ls" | "cat" | "help" | "code-server" | "jupyter" | "sshd"
        )
}

/// The container runs tests or a tool of developers.
fn tests(words: &[&str]) -> bool {
    let tools = [
        "pytest",
        "tox",
        "nox",
        "rspec",
        "phpunit",
        "jest",
        "mocha",
        "ctest",
        "lcov",
        "golangci-lint",
        "eslint",
        "pre-commit",
        "cypress",
        "playwright",
        "karma",
        "air",
        "nodemon",
        "dlv",
        "reflex",
        "CompileDaemon",
        "watchexec",
        "ts-node-dev",
        "devcontainer",
    ];
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let tool = lower.iter().any(|word| tools.contains(&word.rsplit('/').next().unwrap_or(word).trim_end_matches(',')));
    let verb = lower.iter().skip(1).take(3).any(|word| {
        matches!(
            word.as_str(),
            "test"
                | "tests"
                | "check"
                | "lint"
                | "bench"
                | "dev"
                | "watch"
                | "serve:dev"
                | "start:dev"
                | "test:unit"
                | "build"
                | "install"
        )
    });
    let program = lower.first().map(|word| word.rsplit('/').next().unwrap_or(word).to_string()).unwrap_or_default();
    let builder = matches!(
        program.as_str(),
        "go" | "cargo"
            | "mvn"
            | "gradle"
            | "gradlew"
            | "mvnw"
            | "make"
            | "npm"
            | "yarn"
            | "pnpm"
            | "dotnet"
            | "mix"
            | "bundle"
            | "stack"
            | "cabal"
            | "swift"
            | "sbt"
            | "ng"
            | "vite"
            | "next"
            | "bazel"
            | "rake"
    );
    let script = lower.iter().take(2).any(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        ["test", "tests", "build", "compile", "benchmark"].iter().any(|stem| {
            name.strip_suffix(".sh").is_some_and(|name| {
                name == *stem
                    || name.starts_with(&format!("{stem}-"))
                    || name.starts_with(&format!("{stem}_"))
                    || name.ends_with(&format!("-{stem}"))
                    || name.ends_with(&format!("_{stem}"))
            })
        })
    });
    tool || (builder && verb) || script
}

/// The name of the file, or of its stage, says that people work in this image.
fn is_for_developers(cx: &Context<'_>, stage: &Stage) -> bool {
    let path = cx.source.path.to_ascii_lowercase().replace('\\', "/");
    let name = path.rsplit('/').next().unwrap_or("");
    let part = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
            matches!(
                part,
                "dev"
                    | "devel"
                    | "develop"
                    | "development"
                    | "devcontainer"
                    | "gitpod"
                    | "ci"
                    | "test"
                    | "tests"
                    | "testing"
                    | "builder"
                    | "buildenv"
                    | "toolchain"
                    | "lint"
                    | "sdk"
            )
        })
    };
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let named = stage.name.as_ref().is_some_and(|name| part(&name.text.to_ascii_lowercase()));
    // Folders called `test` hold applications too; these do not.
    let workshop = folders.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        matches!(
            part,
            "builder" | "buildenv" | "ci" | "circleci" | "devcontainer" | "devcontainers" | "gitpod" | "toolchain"
        )
    });
    // `x.base.Dockerfile` is what others start from.
    let base = name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == "base");
    part(name) || named || workshop || base
}
