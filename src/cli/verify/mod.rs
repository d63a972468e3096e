//! `unladen verify`: builds two Dockerfiles with the engine at hand and says whether the second image is as good as the
//! first: its config, its files, and what it does when it is started.

mod config;
mod elf;
mod engine;
pub(super) mod image;
mod net;
mod output;
pub(super) mod process;
mod program;
mod report;
mod run;
pub(super) mod saved;
mod session;
mod show;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{ArgAction, Args};

use self::config::Config;
use self::engine::{Build, Engine};
use self::image::Root;
use self::output::Masks;
use self::report::{Case, Item, Outcome, Report, Side, Verdict};
use self::run::{Observed, Plan};
use self::session::{LABEL, Session, tell};
use super::args::{ColorWhen, PlanFormat};
use super::{Exit, Stop, read, term};
use crate::report::Style;

#[cfg(test)]
pub(super) use self::image::case as image_case;

/// Has the engine at hand save an image that it has.
pub(super) fn save_local(image: &str, to: &Path) -> Result<(), String> {
    Engine::find(None)?.save(image, to, Duration::from_secs(600))
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  unladen verify Dockerfile Dockerfile.new            build both, compare, clean up
  unladen verify app:old app:new --get /healthz       two images that are there already
  unladen verify Dockerfile new --run --version --run 'serve --dry-run'

Both images are started with the network off. Nothing of yours is changed: what it makes has names of
its own and is removed. Exit codes: 0 same, 1 different, 2 could not be built, started or compared.")]
pub struct Verify {
    /// The Dockerfile as it was, or the name of an image
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The Dockerfile that is to take its place, or the name of an image
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// The build context of both [default: where the COPY sources of BEFORE are found]
    #[arg(long, value_name = "DIR", help_heading = "Build")]
    pub context: Option<PathBuf>,
    /// A build argument, as docker build takes it
    #[arg(long, value_name = "NAME[=VALUE]", action = ArgAction::Append, help_heading = "Build")]
    pub build_arg: Vec<String>,
    #[command(flatten)]
    pub options: Options,
    /// How the result is printed: pretty or json
    #[arg(long, short, default_value = "pretty", hide_possible_values = true)]
    pub format: PlanFormat,
}

/// What `verify` and `rewrite --verify` share.
#[derive(Debug, Args)]
pub struct Options {
    /// docker, podman, buildah, or the path of one [default: the first of these that answers]
    #[arg(long, value_name = "NAME", help_heading = "Comparing two images")]
    pub engine: Option<String>,
    /// An option for both builds: --build-option '--network host'
    #[arg(long, value_name = "OPTION", action = ArgAction::Append, allow_hyphen_values = true, help_heading = "Comparing two images")]
    pub build_option: Vec<String>,
    /// An option for both containers: --run-option '--env MODE=test'
    #[arg(long, value_name = "OPTION", action = ArgAction::Append, allow_hyphen_values = true, help_heading = "Comparing two images")]
    pub run_option: Vec<String>,
    /// Also start both with these arguments instead of CMD
    #[arg(long = "run", value_name = "ARGS", action = ArgAction::Append, allow_hyphen_values = true, help_heading = "Comparing two images")]
    pub runs: Vec<String>,
    /// Ask for this path instead of `/`
    #[arg(long, value_name = "PATH", action = ArgAction::Append, help_heading = "Comparing two images")]
    pub get: Vec<String>,
    /// Ask at this port [default: those that BEFORE listens on]
    #[arg(long, value_name = "PORT", help_heading = "Comparing two images")]
    pub port: Option<u16>,
    /// What matches is not compared: dates, times and the like are left out anyway
    #[arg(long, value_name = "REGEX", action = ArgAction::Append, help_heading = "Comparing two images")]
    pub mask: Vec<String>,
    /// A program that goes on is watched for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, help_heading = "Comparing two images")]
    pub observe: u64,
    /// A build may take so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, help_heading = "Comparing two images")]
    pub timeout: u64,
}

/// The hidden helper, see `net`.
#[derive(Debug, Args)]
pub struct Exchange {
    pub port: u16,
}

pub(super) fn exchange(command: &Exchange, out: &mut dyn Write) -> Result<Exit, Stop> {
    net::exchange(command.port, out).map_err(Stop::Usage)?;
    Ok(Exit::Clean)
}

pub(super) fn run(command: &Verify, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    let context = match &command.context {
        Some(context) if !context.is_dir() => {
            return Err(Stop::Usage(format!("--context: `{}` is not a directory", context.display())));
        }
        Some(context) => context.clone(),
        None => read::context_root(&command.before),
    };
    let pair = Pair {
        names: [command.before.display().to_string(), command.after.display().to_string()],
        files: [&command.before, &command.after],
        context: &context,
        build_args: &command.build_arg,
    };
    let report = compare(&pair, &command.options).map_err(Stop::Usage)?;
    let style = term::style(color, false);
    match command.format {
        PlanFormat::Json => show::write_json(&report, out)?,
        PlanFormat::Pretty => show::write(&report, style, out)?,
    }
    Ok(exit(&report))
}

/// `rewrite --verify`: the file as it is, and as it would be.
pub(super) fn rewritten(
    path: &Path,
    after: &[u8],
    context: Option<&Path>,
    build_args: &[String],
    options: &Options,
    style: Style,
    out: &mut dyn Write,
) -> Result<Exit, Stop> {
    let context = context.map_or_else(|| read::context_root(path), Path::to_path_buf);
    let failed = |error: std::io::Error| Stop::Usage(format!("--verify: {error}"));
    let directory = tempfile::Builder::new().prefix("unladen-verify-").tempdir().map_err(failed)?;
    let file = directory.path().join("Dockerfile");
    std::fs::write(&file, after).map_err(failed)?;
    // The ignore file that goes with the name of the Dockerfile.
    let mut own = path.as_os_str().to_owned();
    own.push(".dockerignore");
    if Path::new(&own).is_file() {
        std::fs::copy(&own, directory.path().join("Dockerfile.dockerignore")).map_err(failed)?;
    }
    let name = path.display().to_string();
    let pair = Pair {
        names: [name.clone(), format!("{name}, rewritten")],
        files: [path, &file],
        context: &context,
        build_args,
    };
    let report = compare(&pair, options).map_err(|error| Stop::Usage(format!("--verify: {error}")))?;
    show::write(&report, style, out)?;
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    match report.outcome() {
        Outcome::Same => Exit::Clean,
        Outcome::Different => Exit::Findings,
        Outcome::Unknown => Exit::Trouble,
    }
}

struct Pair<'a> {
    names: [String; 2],
    files: [&'a Path; 2],
    context: &'a Path,
    build_args: &'a [String],
}

/// An image that is there, and what the engine says of it.
struct Built {
    tag: String,
    side: Side,
    config: Config,
    /// Of the Dockerfile; empty where it is an image.
    text: String,
}

fn compare(pair: &Pair<'_>, options: &Options) -> Result<Report, String> {
    let masks = Masks::new(&options.mask)?;
    let mut runs = Vec::new();
    for args in &options.runs {
        runs.push(config::split_words(args).ok_or_else(|| format!("--run: a quote is not closed in `{args}`"))?);
    }
    let build_options = words("--build-option", &options.build_option)?;
    let run_options = words("--run-option", &options.run_option)?;
    process::catch_interrupts();
    let session = Session::new(Engine::find(options.engine.as_deref())?);
    let mut all = build_options;
    all.extend(pair.build_args.iter().flat_map(|arg| ["--build-arg".to_string(), arg.clone()]));
    let time = Duration::from_secs(options.timeout);
    let [before, after] = [0, 1].map(|which| built(&session, pair, which, &all, time));
    let (before, after) = (before?, after?);

    let mut report = Report {
        engine: session.engine.title(),
        before: before.side.clone(),
        after: after.side.clone(),
        config: config::compare(&before.config, &after.config, (&before.text, &after.text)),
        ..Report::default()
    };
    report.not_compared.extend(session.engine.layers_unknown().map(String::from));
    look_inside(&session, &before, &after, time, &mut report);
    if !session.engine.runs() {
        report.unusable = Some("buildah starts no images, so what they do is not known; use docker or podman".into());
        return Ok(report);
    }
    let mut cases = vec![("its own command".to_string(), Vec::new())];
    cases.extend(options.runs.iter().cloned().zip(runs));
    for (name, args) in cases {
        let plan = Plan {
            masks: &masks,
            options: &run_options,
            args: &args,
            get: &options.get,
            port: options.port,
            observe: Duration::from_secs(options.observe),
            helper: &before.tag,
        };
        tell(&format!("starting both: {name}"));
        let mut missing = Vec::new();
        match started(&session, &before.tag, &after.tag, &plan, &mut missing)? {
            Ok(items) => report.cases.push(Case { name: name.clone(), items }),
            Err(why) => report.unusable = Some(format!("BEFORE {why} ({name})")),
        }
        let place = if args.is_empty() { String::new() } else { format!(" ({name})") };
        report.not_compared.extend(missing.into_iter().map(|line| format!("{line}{place}")));
    }
    report.not_compared.push("whatever needs the network, volumes or other containers: both ran without".into());
    Ok(report)
}

/// Runs the first twice and the second once. The inner error says why the first is no measure.
fn started(
    session: &Session,
    before: &str,
    after: &str,
    plan: &Plan<'_>,
    missing: &mut Vec<String>,
) -> Result<Result<Vec<Item>, String>, String> {
    let one: Observed = run::observe(session, before, plan, None, true)?;
    if one.failed.is_some() {
        return Ok(Err(one.ending()));
    }
    let again = run::observe(session, before, plan, Some(&one), false)?;
    let other = run::observe(session, after, plan, Some(&one), true)?;
    Ok(Ok(run::compare(&one, &again, &other, plan.masks, missing)))
}

fn built(
    session: &Session,
    pair: &Pair<'_>,
    which: usize,
    options: &[String],
    time: Duration,
) -> Result<Built, String> {
    let which_name = if which == 0 { "before" } else { "after" };
    let (Some(file), Some(name)) = (pair.files.get(which), pair.names.get(which)) else { return Err("no file".into()) };
    let mut built = Built {
        tag: String::new(),
        side: Side { name: name.clone(), ..Side::default() },
        config: Config::default(),
        text: String::new(),
    };
    if file.is_file() {
        let bytes = std::fs::read(file).map_err(|error| format!("{name}: {}", read::reason(&error)))?;
        built.text = String::from_utf8_lossy(&bytes).into_owned();
        tell(&format!("{which_name}: building {name} with {}", session.engine.title()));
        let start = Instant::now();
        let build = Build { dockerfile: file, context: pair.context, options };
        built.tag = session.build(which_name, &build, time).map_err(|error| match error.as_str() {
            "interrupted" => error,
            _ => format!("{name}: {error}"),
        })?;
        built.side.build_seconds = Some(start.elapsed().as_secs_f64());
    } else if !file.exists() && session.engine.has(name) {
        built.tag = name.clone();
    } else if file.is_dir() {
        return Err(format!("{name}: is a directory; name the Dockerfile"));
    } else {
        return Err(format!("{name}: neither a file nor an image that {} has", session.engine.title()));
    }
    let inspected = session.engine.inspect(&built.tag)?;
    built.side.size = session.engine.size(&built.tag, &inspected);
    built.side.layers = session.engine.layers(&built.tag).unwrap_or_default();
    built.config = Config::parse(&inspected, LABEL);
    Ok(built)
}

/// The files of the second image; where something is wrong there, those of the first too, which may be no better.
fn look_inside(session: &Session, before: &Built, after: &Built, time: Duration, report: &mut Report) {
    let looked = |built: &Built| -> Result<Vec<Item>, String> {
        let directory =
            tempfile::Builder::new().prefix("unladen-verify-").tempdir().map_err(|error| error.to_string())?;
        let path = directory.path().join("image.tar");
        session.engine.save(&built.tag, &path, time)?;
        let file = std::fs::File::open(&path).map_err(|error| error.to_string())?;
        Ok(program::check(&Root::read(file)?, &built.config))
    };
    tell("after: looking into the image");
    let mut items = match looked(after) {
        Ok(items) => items,
        Err(error) => {
            report.not_compared.push(format!("the files of the second image: {error}"));
            return;
        }
    };
    if items.iter().any(|item| item.verdict == Verdict::Different)
        && let Ok(old) = looked(before)
    {
        for item in items.iter_mut().filter(|item| item.verdict == Verdict::Different) {
            let also = |other: &&Item| {
                other.what == item.what && other.verdict == Verdict::Different && other.text == item.text
            };
            if old.iter().any(|other| also(&other)) {
                item.verdict = Verdict::Note;
                item.text.push_str("; it is the same in BEFORE");
            }
        }
    }
    report.files = items;
}

/// `--network host` in one word is two.
fn words(option: &str, given: &[String]) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for text in given {
        words.extend(config::split_words(text).ok_or_else(|| format!("{option}: a quote is not closed in `{text}`"))?);
    }
    Ok(words)
}
