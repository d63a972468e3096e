//! `unladen hadolint`: hadolint's own command line with our rules, so that a call of hadolint in a script, a hook or an
//! editor only needs another name of the program. A link called `hadolint` that leads to us does the same.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};

use super::args::{BuildArgs, Check, ColorWhen, ConfigArgs, OverrideArgs, RuleArgs};
use super::check::{self, Printing};
use super::{Exit, Stop, note};
use crate::config::{hadolint, names};
use crate::report::Format;

#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    version,
    display_name = "unladen",
    after_help = "Examples:
  unladen hadolint --ignore DL3008 Dockerfile     as `hadolint --ignore DL3008 Dockerfile`
  unladen hadolint -f checkstyle -o report.xml Dockerfile
  ln -s $(which unladen) ~/bin/hadolint           for what calls a program of that name

Fixes, costs and the other rules are in `unladen check`."
)]
pub struct Hadolint {
    /// Files; `-` is the standard input
    #[arg(value_name = "DOCKERFILE", required = true)]
    files: Vec<PathBuf>,
    /// tty, json, checkstyle, codeclimate, gitlab_codeclimate, gnu, codacy, sonarqube, sarif or junit; several are
    /// printed one after the other [default: tty]
    #[arg(long, short, action = ArgAction::Append)]
    format: Vec<String>,
    /// Where to; the first goes with the first format, and so on
    #[arg(long, short, value_name = "FILE", action = ArgAction::Append)]
    output: Vec<PathBuf>,
    /// The path that checkstyle, codeclimate, gitlab_codeclimate, sonarqube and junit show
    #[arg(long, value_name = "PATH")]
    file_path_in_report: Option<String>,
    /// The least severity that makes the run fail: error, warning, info or style; with ignore or none everything does
    /// [default: info]
    #[arg(long, short = 't', value_name = "SEVERITY")]
    failure_threshold: Option<String>,
    /// End with 0 also when there are findings
    #[arg(long)]
    no_fail: bool,
    /// No colours
    #[arg(long)]
    no_color: bool,
    /// Show the configuration on the standard error
    #[arg(long, short = 'V')]
    verbose: bool,
    /// Show the version
    #[arg(long, short = 'v', action = ArgAction::Version)]
    version: Option<bool>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", action = ArgAction::Append)]
    ignore: Vec<String>,
    /// Also report what comments in the Dockerfile ignore
    #[arg(long)]
    disable_ignore_pragma: bool,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(command: &Hadolint, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    let usage = |option: &'static str| move |message| Stop::Usage(format!("{option}: {message}"));
    let threshold = command.failure_threshold.as_deref().map(hadolint::threshold).transpose();
    let fail_on = threshold.map_err(usage("--failure-threshold"))?.map(|least| least.name().to_string());
    let formats: Result<Vec<Format>, String> =
        command.format.iter().map(|name| hadolint::format(name).map(Format::Hadolint)).collect();
    let printing = Printing {
        formats: formats.map_err(usage("--format"))?,
        default: Some(Format::Hadolint(hadolint::format("tty").map_err(Stop::Usage)?)),
        outputs: command.output.clone(),
        path_in_report: command.file_path_in_report.clone(),
        verbose: command.verbose,
    };
    let overrides = OverrideArgs {
        error: known(&command.overrides.error),
        warning: known(&command.overrides.warning),
        info: known(&command.overrides.info),
        style: known(&command.overrides.style),
        ..command.overrides.clone()
    };
    let check = Check {
        paths: command.files.clone(),
        fix: None,
        unsafe_fixes: false,
        diff: false,
        rules: RuleArgs {
            profile: Some("hadolint".to_string()),
            select: Vec::new(),
            ignore: known(&command.ignore),
            no_ignore_comments: command.disable_ignore_pragma,
        },
        fail_on,
        overrides,
        max_size: None,
        format: None,
        no_color: command.no_color,
        quiet: false,
        exit_zero: command.no_fail,
        stdin_filename: None,
        build: BuildArgs::default(),
        config: ConfigArgs {
            config: command.config.config.clone(),
            no_config: command.config.no_config,
            hadolints: true,
        },
    };
    check::run_with(&check, color, printing, out)
}

/// Without what no rule is called: hadolint takes any word. Its own codes are no reason to speak.
fn known(given: &[String]) -> Vec<String> {
    let all = given.iter().flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let (known, others): (Vec<&str>, Vec<&str>) = all.partition(|name| !names::known(name).is_empty());
    for name in others.into_iter().filter(|name| !is_code(name)) {
        note(&format!("no rule is called `{name}`"));
    }
    known.into_iter().map(String::from).collect()
}

/// `DL3008`, `SC2086`
fn is_code(name: &str) -> bool {
    let number = name.trim().strip_prefix("DL").or_else(|| name.trim().strip_prefix("SC"));
    number.is_some_and(|number| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Called as `hadolint`, the command line is hadolint's.
pub(super) fn by_its_name(mut argv: Vec<OsString>) -> Vec<OsString> {
    let name = argv.first().and_then(|name| Path::new(name).file_stem());
    if name.is_some_and(|name| name == "hadolint") {
        let version = argv.get(1).is_some_and(|word| word == "-v" || word == "--version");
        if version {
            argv.truncate(1);
        }
        argv.insert(1, if version { "--version" } else { "hadolint" }.into());
    }
    argv
}
