//! The command line: reads arguments, files and the environment, and prints.

mod args;
mod builder;
mod check;
mod config;
pub mod context;
mod diff;
mod hadolint;
mod modcache;
#[cfg(feature = "online")]
mod online;
mod read;
mod registry;
mod rewrite;
mod rule;
mod size;
mod size_image;
mod term;
mod usage;
mod verify;
mod walk;
mod write;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, Parser};

use crate::config::{Environment, Finder, Overrides, names};
use crate::diagnostic::Severity;
use crate::report::Problem;

/// What a run comes to; the numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Clean,
    Findings,
    Trouble,
}

/// Why a command cannot go on at all.
enum Stop {
    /// One line for the user.
    Usage(String),
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

/// Runs a command line and gives its exit code.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> u8 {
    let argv = hadolint::by_its_name(argv.into_iter().collect());
    let cli = match args::Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => return usage::print(&error),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = match &cli.command {
        args::Command::Check(command) => check::run(command, cli.color, &mut out),
        args::Command::Hadolint(command) => hadolint::run(command, cli.color, &mut out),
        args::Command::Rewrite(command) => rewrite::run(command, cli.color, &mut out),
        args::Command::Size(command) => size::run(command, cli.color, &mut out),
        args::Command::Verify(command) => verify::run(command, cli.color, &mut out),
        args::Command::Exchange(command) => verify::exchange(command, &mut out),
        args::Command::Rule(command) => rule::run(command, cli.color, &mut out),
        args::Command::Config(command) => config::run(command, &mut out),
        args::Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut args::Cli::command(), "unladen", &mut out);
            Ok(Exit::Clean)
        }
    };
    let flushed = out.flush();
    let exit = match (result, flushed) {
        (Ok(exit), Ok(())) => exit,
        (Err(Stop::Usage(message)), _) => {
            complain(&message);
            Exit::Trouble
        }
        // Whoever reads the output may stop: `unladen check | head` is no error.
        (Ok(exit), Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        (Err(Stop::Output(error)), _) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Clean,
        (Err(Stop::Output(error)), _) | (Ok(_), Err(error)) => {
            complain(&format!("cannot write the output: {error}"));
            Exit::Trouble
        }
    };
    exit as u8
}

/// One line on the standard error.
fn complain(message: &str) {
    // Nothing is left to do when even this fails.
    let _ = writeln!(io::stderr().lock(), "error: {message}");
}

/// The same for what is no error.
fn note(message: &str) {
    let _ = writeln!(io::stderr().lock(), "note: {message}");
}

fn complain_all(problems: &[Problem]) {
    for problem in problems {
        complain(&problem.to_string());
    }
}

/// Rule names of the command line as slugs.
fn rule_names(option: &str, given: &[String]) -> Result<Vec<&'static str>, Stop> {
    let mut slugs = Vec::new();
    for name in given.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        slugs.extend(names::rules(name).map_err(|message| Stop::Usage(format!("{option}: {message}")))?);
    }
    Ok(slugs)
}

fn overrides(rules: &args::RuleArgs, build: &args::BuildArgs, fail_on: Option<&str>) -> Result<Overrides, Stop> {
    let usage = |option: &'static str| move |message| Stop::Usage(format!("{option}: {message}"));
    let select = rule_names("--select", &rules.select)?;
    Ok(Overrides {
        profile: rules.profile.as_deref().map(names::profile).transpose().map_err(usage("--profile"))?,
        select: (!rules.select.is_empty()).then_some(select),
        ignore: rule_names("--ignore", &rules.ignore)?,
        fail_on: fail_on.map(names::fail_on).transpose().map_err(usage("--fail-on"))?,
        target: build.target.clone(),
        build_args: build.build_arg.iter().map(|given| build_arg(given)).collect(),
        base: build.base.as_deref().map(names::base).transpose().map_err(usage("--base"))?,
        max_size: None,
        disable_ignores: rules.no_ignore_comments,
        ..Overrides::default()
    })
}

/// What hadolint's options say beside.
fn hadolint_overrides(given: &args::OverrideArgs, overrides: &mut Overrides) -> Result<(), Stop> {
    // The later list wins, as in hadolint.
    let lists = [
        ("--style", &given.style, Severity::Style),
        ("--info", &given.info, Severity::Info),
        ("--warning", &given.warning, Severity::Warning),
        ("--error", &given.error, Severity::Error),
    ];
    for (option, names, severity) in lists {
        overrides.severities.extend(rule_names(option, names)?.into_iter().map(|slug| (slug, severity)));
    }
    overrides.options.trusted_registries = given.trusted_registry.clone();
    overrides.options.strict_labels = given.strict_labels;
    for pair in &given.require_label {
        let usage = |message: String| Stop::Usage(format!("--require-label: {message}"));
        // As in hadolint, a label alone may hold any text.
        let (label, kind) = pair.split_once(':').unwrap_or((pair, "text"));
        overrides.options.label_schema.insert(label.to_string(), names::label_kind(kind).map_err(usage)?);
    }
    Ok(())
}

/// A name alone takes its value from the environment, as docker build does it.
fn build_arg(given: &str) -> (String, String) {
    match given.split_once('=') {
        Some((name, value)) => (name.to_string(), value.to_string()),
        None => (given.to_string(), std::env::var(given).unwrap_or_default()),
    }
}

fn finder(config: &args::ConfigArgs) -> Finder {
    match &config.config {
        Some(path) => Finder::from_file(path, Environment::of_process(), config.hadolints),
        None if config.no_config => Finder::without(),
        None => Finder::upwards().in_environment(Environment::of_process()),
    }
}
