//! What may be said on the command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::settings::{image_prefix, package_name};

#[derive(Debug, Parser)]
#[command(
    name = "unladen",
    version,
    about = "Finds what makes a Docker image heavy or fragile, prices it in bytes, and fixes it",
    after_help = "Examples:
  unladen check                        check every Dockerfile below the current directory
  unladen check --fix                  fix what can be fixed without changing what the image does
  unladen check --diff --unsafe-fixes  show what all fixes would change
  unladen rewrite Dockerfile           show how the file becomes a multi-stage build
  unladen verify Dockerfile new        build both and compare what the images do
  unladen size Dockerfile              where the bytes of the image come from
  unladen rule DL3009                  explain a rule

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage, configuration or I/O trouble.",
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours (auto: on a terminal; NO_COLOR and CLICOLOR_FORCE are honoured)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorWhen,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check Dockerfiles, and fix them
    Check(Check),
    /// Check with hadolint's rules, options and formats: put `unladen` before its command line
    Hadolint(super::hadolint::Hadolint),
    /// Turn a single-stage Dockerfile into a multi-stage one, with the proof
    Rewrite(Rewrite),
    /// Show what the image weighs, where the bytes come from, and what fixes save
    Size(super::size::Size),
    /// Build two Dockerfiles and say whether the second image does what the first does
    Verify(super::verify::Verify),
    /// Connects to a port inside of a container, for `verify`
    #[command(name = "__exchange", hide = true)]
    Exchange(super::verify::Exchange),
    /// List the rules, or explain one
    Rule(Rule),
    /// Print the configuration that holds for a path, and where it comes from
    Config(ShowConfig),
    /// Print a completion script for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  unladen check                                 every Dockerfile below the current directory
  unladen check --fix=edits Dockerfile          small fixes only, as a pre-commit hook wants them
  unladen check --select apt-lists-left,DL3015  two rules, by their names
  unladen check --format json - < Dockerfile    for an editor

--fix applies Safe fixes: the built image has the same config and runs the same command, which
finds the same files and packages. That includes a rewrite into stages whose every assumption is
proved; --fix=edits leaves the structure alone. Findings of severity style do not fail the run.")]
pub struct Check {
    /// Files and directories; directories are searched. `-` is the standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Apply Safe fixes; `edits` leaves the structure of the file alone
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "all", help_heading = "Fixing")]
    pub fix: Option<FixWhich>,
    /// Also apply fixes that may change what the image does
    #[arg(long, help_heading = "Fixing")]
    pub unsafe_fixes: bool,
    /// Print what fixing would change, and write nothing
    #[arg(long, help_heading = "Fixing")]
    pub diff: bool,
    #[command(flatten)]
    pub rules: RuleArgs,
    /// The least severity that makes the run fail: style, info, warning, error or none [default: info]
    #[arg(long, short = 't', visible_alias = "failure-threshold", value_name = "SEVERITY", help_heading = "Rules")]
    pub fail_on: Option<String>,
    #[command(flatten)]
    pub overrides: OverrideArgs,
    /// The most that the image may weigh, as 50MB; the run fails when it likely weighs more
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub max_size: Option<String>,
    /// How findings are printed: pretty, concise, json, hadolint (its JSON), or hadolint's other formats: tty, gnu,
    /// checkstyle, codeclimate, gitlab_codeclimate, codacy, sonarqube, sarif, junit [default: pretty]
    #[arg(long, short, hide_possible_values = true, help_heading = "Output")]
    pub format: Option<FormatName>,
    /// As --color never
    #[arg(long, hide = true)]
    pub no_color: bool,
    /// Print the summary only
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// End with 0 also when there are findings
    #[arg(long, visible_alias = "no-fail", help_heading = "Output")]
    pub exit_zero: bool,
    /// The name of the file that comes in on the standard input
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  unladen rewrite Dockerfile             the plan, what it rests on, and the diff
  unladen rewrite Dockerfile --explain   also why it is no smaller, and what you could state
  unladen rewrite Dockerfile --write     write it
  unladen rewrite --base scratch app/Dockerfile --diff | git apply")]
pub struct Rewrite {
    /// The Dockerfile, or its directory; `-` is the standard input
    #[arg(value_name = "FILE", default_value = "Dockerfile")]
    pub file: PathBuf,
    /// Write the file. What rests on open assumptions is written too: read the plan first
    #[arg(long, conflicts_with = "diff")]
    pub write: bool,
    /// Print the diff only
    #[arg(long)]
    pub diff: bool,
    /// Also say why the image is no smaller, and which facts would make it so if you stated them
    #[arg(long, conflicts_with = "diff")]
    pub explain: bool,
    /// How the plan is printed: pretty or json
    #[arg(long, short, default_value = "pretty", hide_possible_values = true)]
    pub format: PlanFormat,
    /// The Dockerfile that makes the program, of a pair whose script copies it out with `docker cp`
    #[arg(long, value_name = "FILE", requires = "script", help_heading = "Builder pattern")]
    pub builder: Option<PathBuf>,
    /// That script
    #[arg(long, value_name = "FILE", requires = "builder", help_heading = "Builder pattern")]
    pub script: Option<PathBuf>,
    /// A file or directory that the program reads at run time; name all of them, or `none`
    #[arg(long, value_name = "PATH", action = ArgAction::Append, help_heading = "Facts that no file shows")]
    pub runtime_file: Vec<String>,
    /// Whether the image is entered with a shell or the program starts one: yes or no
    #[arg(long, value_name = "ANSWER", hide_possible_values = true, help_heading = "Facts that no file shows")]
    pub needs_shell: Option<YesNo>,
    /// Whether a Go program needs cgo: yes or no
    #[arg(long, value_name = "ANSWER", hide_possible_values = true, help_heading = "Facts that no file shows")]
    pub cgo: Option<YesNo>,
    /// A package of the distribution that the program needs at run time
    #[arg(long, value_name = "NAME", value_parser = package_name, action = ArgAction::Append)]
    #[arg(help_heading = "Facts that no file shows")]
    pub package: Vec<String>,
    /// Put before the name of the final base: mirror.example.com
    #[arg(long, value_name = "PREFIX", value_parser = image_prefix, help_heading = "Facts that no file shows")]
    pub base_prefix: Option<String>,
    /// Add a stage that is the final image with a shell, for `docker build --target debug`; what ships stays the same
    #[arg(long)]
    pub debug_stage: bool,
    /// Also read the sources of the modules that go.mod names in a Go module cache [default: that of the go command]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub module_cache: Option<Option<PathBuf>>,
    /// Leave the program's symbols and debug information in
    #[arg(long)]
    pub no_strip: bool,
    /// Build the file as it is and as it would be, and compare the images; nothing is written when they differ
    #[arg(long, help_heading = "Comparing two images")]
    pub verify: bool,
    #[command(flatten)]
    pub verify_options: super::verify::Options,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct Rule {
    /// A slug or an alias: apt-lists-left, DL3009, JSONArgsRecommended
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Print the list as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ShowConfig {
    /// A file or a directory
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    #[command(flatten)]
    pub rules: RuleArgs,
    /// The least severity that makes a run fail
    #[arg(long, value_name = "SEVERITY", help_heading = "Rules")]
    pub fail_on: Option<String>,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Default, Args)]
pub struct RuleArgs {
    /// The set of rules: default, hadolint, buildkit or all [default: hadolint below a .hadolint.yaml]
    #[arg(long, value_name = "PROFILE", help_heading = "Rules")]
    pub profile: Option<String>,
    /// Run these rules only: slugs, aliases, `default` or `all`
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub ignore: Vec<String>,
    /// Also report what comments in the Dockerfile ignore
    #[arg(long, visible_alias = "disable-ignore-pragma", help_heading = "Rules")]
    pub no_ignore_comments: bool,
}

/// hadolint's options for what a configuration file says, too.
#[derive(Clone, Debug, Default, Args)]
pub struct OverrideArgs {
    /// Give these rules the severity error
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub error: Vec<String>,
    /// Give these rules the severity warning
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub warning: Vec<String>,
    /// Give these rules the severity info
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub info: Vec<String>,
    /// Give these rules the severity style
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append, help_heading = "Rules")]
    pub style: Vec<String>,
    /// A registry that images may come from, for untrusted-registry
    #[arg(long, value_name = "REGISTRY", action = ArgAction::Append, help_heading = "Rules")]
    pub trusted_registry: Vec<String>,
    /// A label that the image is to have, and what its value is: maintainer:email
    #[arg(long, value_name = "LABEL:KIND", action = ArgAction::Append, help_heading = "Rules")]
    pub require_label: Vec<String>,
    /// Labels that are not required are wrong
    #[arg(long, help_heading = "Rules")]
    pub strict_labels: bool,
}

#[derive(Debug, Default, Args)]
pub struct BuildArgs {
    /// The stage that is built [default: the last one]
    #[arg(long, value_name = "STAGE", help_heading = "Build")]
    pub target: Option<String>,
    /// A build argument, as docker build takes it
    #[arg(long, value_name = "NAME[=VALUE]", action = ArgAction::Append, help_heading = "Build")]
    pub build_arg: Vec<String>,
    /// The build context [default: where the Dockerfile's own COPY sources are found]
    #[arg(long, value_name = "DIR", help_heading = "Build")]
    pub context: Option<PathBuf>,
    /// The final image of a rewrite: auto, static, scratch or same-distro [default: auto]
    #[arg(long, value_name = "BASE", help_heading = "Build")]
    pub base: Option<String>,
}

#[derive(Debug, Default, Args)]
pub struct ConfigArgs {
    /// Read this configuration
    #[arg(long, short, value_name = "FILE", conflicts_with = "no_config", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, help_heading = "Configuration")]
    pub no_config: bool,
    /// The file is hadolint's whatever its name.
    #[arg(skip)]
    pub hadolints: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FixWhich {
    Edits,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    Pretty,
    Concise,
    Json,
    Hadolint,
    Tty,
    Gnu,
    Checkstyle,
    Codeclimate,
    #[value(name = "gitlab_codeclimate")]
    GitlabCodeclimate,
    Codacy,
    Sonarqube,
    Sarif,
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    Pretty,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    Yes,
    No,
}
