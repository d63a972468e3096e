//! What the image of a stage is for, as its command, its base image and its name tell.

use super::super::Context;
use super::packages::{is_system, only_builds};
use super::{base_language, clones, copies_code, downloads, is_workspace_base};
use crate::model::{ConfigCommand, Source, Stage};
use crate::rewrite::toolchains::detect::{self, Work};
use crate::shell::ShellCommand;

/// What the container runs: ENTRYPOINT or else CMD of the file, or else those of the base.
pub(super) fn command_of(stage: &Stage) -> Option<&ConfigCommand> {
    let set = |command: &&ConfigCommand| !command.argv.is_empty();
    let both = || [&stage.config.entrypoint, &stage.config.cmd].into_iter().flatten().filter(set);
    both().find(|command| command.inst.is_some()).or_else(|| both().next())
}

/// The commands of ENTRYPOINT or CMD where they are written for a shell: `cd app && ./run`, `["sh", "-c", "make run"]`.
pub(super) fn script_of<'a>(stage: &'a Stage, command: &ConfigCommand) -> Option<&'a [ShellCommand]> {
    let dash_c = |word: &String| word.starts_with('-') && word.ends_with('c');
    let shell = command.shell_form || command.argv.iter().skip(1).any(dash_c);
    let step = stage.steps.iter().find(|step| shell && Some(step.inst) == command.inst)?;
    let commands = step.script.as_ref()?.commands.as_slice();
    (!commands.is_empty()).then_some(commands)
}

/// What an image is for, as far as its command tells.
pub(super) enum Purpose {
    Application,
    /// The file sets no command.
    Unsaid,
    /// A shell, a test run, a compiler.
    Work,
}

pub(super) fn purpose(stage: &Stage) -> Purpose {
    let config = &stage.config;
    let own = |command: &Option<ConfigCommand>| {
        command.as_ref().is_some_and(|command| command.inst.is_some() && !command.argv.is_empty())
    };
    if !own(&config.entrypoint) && !own(&config.cmd) {
        return if serves(stage) { Purpose::Application } else { Purpose::Unsaid };
    }
    let chain = chain(stage);
    // An entrypoint that prepares a shell: `/ros_entrypoint.sh bash`.
    let prepares = config.entrypoint.as_ref().is_some_and(|entrypoint| {
        let script = entrypoint.argv.last().is_some_and(|word| word.ends_with(".sh"));
        let cmd: Vec<&str> = config.cmd.iter().flat_map(|cmd| &cmd.argv).map(String::as_str).collect();
        script && !cmd.is_empty() && idles(&cmd)
    });
    if prepares || is_work(&chain) { Purpose::Work } else { Purpose::Application }
}

/// Without a command of the file's own: the base is a server that is given something to serve, or the file tells by
/// HEALTHCHECK or EXPOSE that something answers.
fn serves(stage: &Stage) -> bool {
    let mut copies = stage.steps.iter().filter_map(|step| step.copied.as_ref());
    let mut commands = stage.steps.iter().filter_map(|step| step.script.as_ref()).flat_map(|script| &script.commands);
    let copied = copies.any(|copied| copied.from == Source::Context);
    let checked = stage.config.healthcheck.as_ref().is_some_and(|check| check.inst.is_some() && check.argv.len() > 1);
    let answers = checked || !stage.config.exposed_ports.is_empty();
    let builds = base_language(stage).is_some()
        || stage.steps.iter().flat_map(|step| &step.installs).any(|install| {
            is_system(install.manager) && install.packages.iter().any(|package| only_builds(&package.name))
        });
    (answers && builds && copies_code(stage) && !is_workspace_base(stage))
        || (serves_by_itself(stage) && (copied || commands.any(|cmd| downloads(cmd) || clones(cmd))))
}

/// The commands that ENTRYPOINT and CMD run one after the other, each in words.
fn chain(stage: &Stage) -> Vec<Vec<String>> {
    let config = &stage.config;
    let words = |cmd: &ShellCommand| -> Vec<String> {
        [&cmd.name].into_iter().chain(&cmd.args).map(|word| word.text.clone()).collect()
    };
    let mut head: Vec<String> = Vec::new();
    // An entrypoint of the base, such as node's, only prepares.
    if let Some(entrypoint) = config.entrypoint.as_ref().filter(|entrypoint| entrypoint.inst.is_some()) {
        match script_of(stage, entrypoint) {
            Some(commands) => return commands.iter().map(words).collect(),
            None => head.clone_from(&entrypoint.argv),
        }
    }
    let Some(cmd) = &config.cmd else { return vec![head] };
    let Some(commands) = script_of(stage, cmd) else {
        head.extend(cmd.argv.iter().flat_map(|word| word.split_whitespace()).map(str::to_string));
        return vec![head];
    };
    let mut chain: Vec<Vec<String>> = commands.iter().map(words).collect();
    if let Some(first) = chain.first_mut() {
        head.append(first);
        *first = head;
    }
    chain
}

/// The last command tells, unless it only waits for what was started before.
fn is_work(chain: &[Vec<String>]) -> bool {
    let Some((last, before)) = chain.split_last() else { return true };
    let last: Vec<&str> = last.iter().map(String::as_str).collect();
    if idles(&last) {
        let starts = |words: &Vec<String>| {
            let name = words.first().map_or("", String::as_str);
            matches!(name, "service" | "systemctl" | "supervisord" | "apachectl" | "nginx" | "httpd")
                || words.iter().skip(1).any(|word| word == "start")
        };
        return !before.iter().any(starts);
    }
    tests(&last)
}

/// Images whose own command is a server that serves what is copied in.
pub(super) fn serves_by_itself(stage: &Stage) -> bool {
    let Some(image) = stage.image() else { return false };
    let name = image.repository.text.rsplit('/').next().unwrap_or("");
    let tag = image.tag.as_ref().map_or("", |tag| tag.text.as_str());
    matches!(
        name,
        "nginx"
            | "httpd"
            | "tomcat"
            | "caddy"
            | "jetty"
            | "wildfly"
            | "wordpress"
            | "drupal"
            | "joomla"
            | "nextcloud"
            | "mediawiki"
            | "postgres"
            | "mysql"
            | "mariadb"
            | "mongo"
            | "redis"
            | "kong"
            | "haproxy"
            | "fluentd"
            | "shiny"
            | "shiny-verse"
    ) || (name == "php" && (tag.contains("apache") || tag.contains("fpm")))
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
    // `gradle build run` compiles, but to run what it has made.
    let runs = words.split_first().is_some_and(|(program, rest)| {
        matches!(detect::of_words(program, rest), Some((_, Work::RunsSources)))
            && !lower.iter().any(|word| matches!(word.as_str(), "test" | "dev" | "watch"))
    });
    tool || (builder && verb && !runs) || script
}

/// The name of the file, or of its stage, says that people work in this image.
pub(super) fn is_for_developers(cx: &Context<'_>, stage: &Stage) -> bool {
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
    // Of a stage that is all there is, `builder` says nothing.
    let named = stage.name.as_ref().is_some_and(|name| {
        let name = name.text.to_ascii_lowercase();
        name.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| matches!(part, "dev" | "devel" | "develop" | "development" | "devcontainer" | "ci" | "test"))
    });
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
