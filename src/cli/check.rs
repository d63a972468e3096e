//! `unladen check`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::args::{Check, ColorWhen, FixWhich, FormatName};
use super::read::{self, Contexts};
use super::walk::{self, Input};
use super::{Exit, Stop, complain_all, config, diff, finder, hadolint_overrides, overrides, term, write};
use crate::config::lock::Locked;
use crate::config::{Config, ConfigError, Finder, Overrides, names};
use crate::diagnostic::Applicability;
use crate::fix::{self, FixWish};
use crate::lint;
use crate::report::hadolint::Shape;
use crate::report::{self, FileReport, Format, Problem, Report};
use crate::settings::Settings;
use crate::text::SourceFile;

/// What is done with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Check,
    Fix(FixWish),
    /// What fixing would change is shown; the findings are those of the file as it is.
    Diff(FixWish),
}

/// A file with the configuration that holds for it.
struct Job {
    path: PathBuf,
    config: Arc<Config>,
    locked: Locked,
}

/// A file that was checked.
struct Done {
    report: FileReport,
    /// The old and the new text where fixing changed it and the user is to see it.
    fixed: Option<(SourceFile, SourceFile)>,
}

/// How it is printed and where to, as the command line has it.
#[derive(Default)]
pub(super) struct Printing {
    pub formats: Vec<Format>,
    /// Where neither the command line nor hadolint's file says one.
    pub default: Option<Format>,
    /// For the first formats; the others go to the standard output.
    pub outputs: Vec<PathBuf>,
    pub path_in_report: Option<String>,
    /// The configuration is shown on the standard error.
    pub verbose: bool,
}

pub(super) fn run(command: &Check, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    let formats = command.format.map(format).into_iter().collect();
    run_with(command, color, Printing { formats, ..Printing::default() }, out)
}

pub(super) fn run_with(
    command: &Check,
    color: ColorWhen,
    mut printing: Printing,
    out: &mut dyn Write,
) -> Result<Exit, Stop> {
    let mut overrides = overrides(&command.rules, &command.build, command.fail_on.as_deref())?;
    if let Some(size) = &command.max_size {
        let size = names::size(size).map_err(|message| Stop::Usage(format!("--max-size: {message}")))?;
        overrides.max_size = Some(size);
    }
    hadolint_overrides(&command.overrides, &mut overrides)?;
    let mode = mode(command)?;
    let contexts = contexts(command.build.context.as_deref())?;
    let mut finder = finder(&command.config);
    // How hadolint's file has it printed; where it is broken that is said below, with the files.
    let output = finder.find(Path::new("")).map(|config| config.output.clone()).unwrap_or_default();
    if printing.formats.is_empty() {
        printing.formats = output.formats.into_iter().map(Format::Hadolint).collect();
    }
    if printing.formats.is_empty() {
        printing.formats.push(printing.default.unwrap_or_default());
    }
    let plain = color == ColorWhen::Auto && (command.no_color || output.no_color);
    let color = if plain { ColorWhen::Never } else { color };
    if printing.verbose || output.verbose {
        config::show(Path::new("."), &mut finder, &overrides, &mut io::stderr().lock())?;
    }
    let paths = if command.paths.is_empty() { vec![PathBuf::from(".")] } else { command.paths.clone() };
    let (inputs, mut problems) = walk::collect(&paths);
    let (mut jobs, broken) = jobs(inputs, command, &mut finder);
    if matches!(mode, Mode::Fix(_)) {
        // Two names of one file, as with a symbolic link: it is written once.
        let mut seen = BTreeSet::new();
        jobs.retain(|job| job.path.canonicalize().map_or(true, |path| seen.insert(path)));
    }
    problems.extend(broken.iter().map(|error| error.problem()));

    // A panic is reported in one line with the file that caused it.
    std::panic::set_hook(Box::new(|_| {}));
    let done: Vec<Result<Done, Problem>> =
        jobs.par_iter().map(|job| guarded(&job.path, || one(job, command, mode, &overrides, &contexts))).collect();

    let mut report = Report::default();
    let mut texts = Vec::new();
    for result in done {
        match result {
            Ok(done) => {
                report.files.push(done.report);
                texts.extend(done.fixed);
            }
            Err(problem) => problems.push(problem),
        }
    }
    report.problems = problems;
    report.path_in_report = printing.path_in_report.take();
    print(command, color, mode, &printing, &report, &texts, out)?;
    out.flush()?;
    complain_all(&report.problems);
    let engine = printing.formats.iter().any(|format| matches!(format, Format::Hadolint(shape) if shape.never_fails()));
    Ok(if !report.problems.is_empty() {
        Exit::Trouble
    } else if report.fails() && !command.exit_zero && !engine {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn mode(command: &Check) -> Result<Mode, Stop> {
    if command.unsafe_fixes && command.fix.is_none() && !command.diff {
        return Err(Stop::Usage("--unsafe-fixes: add --fix to apply the fixes, or --diff to see them".into()));
    }
    if command.diff && command.format.is_some_and(|format| format != FormatName::Pretty) {
        return Err(Stop::Usage("--diff: cannot be used with --format".into()));
    }
    let applicability = if command.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    let wish = FixWish { applicability, rewrites: command.fix != Some(FixWhich::Edits) };
    Ok(match (command.diff, command.fix) {
        (true, _) => Mode::Diff(wish),
        (false, Some(_)) => Mode::Fix(wish),
        (false, None) => Mode::Check,
    })
}

pub(super) fn contexts(root: Option<&Path>) -> Result<Contexts, Stop> {
    match root {
        Some(root) if !root.is_dir() => Err(Stop::Usage(format!("--context: `{}` is not a directory", root.display()))),
        _ => Ok(Contexts::new(root.map(Path::to_path_buf))),
    }
}

/// The files that are to be checked. Those below a broken configuration are not; it is reported once.
fn jobs(inputs: Vec<Input>, command: &Check, finder: &mut Finder) -> (Vec<Job>, Vec<Arc<ConfigError>>) {
    let mut jobs = Vec::new();
    let mut broken: Vec<Arc<ConfigError>> = Vec::new();
    let mut seen = BTreeSet::new();
    for Input { path, named } in inputs {
        let place = if path.as_os_str() == "-" { command.stdin_filename.as_deref().unwrap_or(&path) } else { &path };
        let directory = place.parent().unwrap_or(Path::new(""));
        match finder.find(directory).and_then(|config| Ok((config, finder.lock(directory)?))) {
            Ok((config, _)) if !named && config.excludes(&path) => {}
            Ok((config, locked)) => jobs.push(Job { path, config, locked }),
            Err(error) => {
                if seen.insert(error.path.clone()) {
                    broken.push(error);
                }
            }
        }
    }
    (jobs, broken)
}

/// One file that makes us panic must not take the others with it.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, String>) -> Result<T, Problem> {
    let message = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(message)) => message,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
            format!("internal error, please report it: {text}")
        }
    };
    Err(Problem { path: Some(path.display().to_string()), at: None, message })
}

fn one(job: &Job, command: &Check, mode: Mode, overrides: &Overrides, contexts: &Contexts) -> Result<Done, String> {
    let stdin = job.path.as_os_str() == "-";
    let name = command.stdin_filename.as_deref();
    let source = read::source(&job.path, name)?;
    let place = if stdin { name.unwrap_or(&job.path) } else { &job.path };
    let mut settings = job.config.settings(overrides, place);
    settings.lock(job.locked.clone());
    let limited = settings.size.max_size.is_some() || !settings.size.max_sizes.is_empty();
    let context = if limited { contexts.weighed(place, &source)? } else { contexts.of(place, &source)? };
    let fail_on = job.config.fail_on(overrides);
    let (Mode::Fix(wish) | Mode::Diff(wish)) = mode else {
        let checked = lint::check(source, context.as_deref(), &settings);
        let report = FileReport { max_size: limit(&settings, &checked), ..FileReport::new(checked, fail_on) };
        return Ok(Done { report, fixed: None });
    };
    let fixed = fix::fix(source.clone(), context.as_deref(), &settings, wish);
    if let Mode::Diff(_) = mode {
        let texts = Some((source.clone(), fixed.checked.source));
        let checked = lint::check(source, context.as_deref(), &settings);
        return Ok(Done { report: FileReport::new(checked, fail_on), fixed: texts });
    }
    if fixed.changed() && !stdin {
        write::replace(&job.path, &source.all_bytes(), &fixed.checked.source.all_bytes())?;
    }
    let max_size = limit(&settings, &fixed.checked);
    let texts = stdin.then(|| (source, fixed.checked.source.clone()));
    let report = FileReport {
        checked: fixed.checked,
        applied: fixed.applied,
        dropped: fixed.dropped,
        outcome: Some(fixed.outcome),
        fail_on,
        max_size,
    };
    Ok(Done { report, fixed: texts })
}

/// The limit of the stage that is built, by its name or for all.
pub(super) fn limit(settings: &Settings, checked: &lint::Checked) -> Option<u64> {
    let name = checked.model.target_stage().and_then(|stage| stage.name.as_ref());
    let own = name.and_then(|name| {
        let mut limits = settings.size.max_sizes.iter();
        limits.find(|(target, _)| target.eq_ignore_ascii_case(&name.text)).map(|(_, bytes)| *bytes)
    });
    own.or(settings.size.max_size)
}

fn format(name: FormatName) -> Format {
    Format::Hadolint(match name {
        FormatName::Pretty => return Format::Pretty,
        FormatName::Concise => return Format::Concise,
        FormatName::Json => return Format::Json,
        FormatName::Hadolint => Shape::Json,
        FormatName::Tty => Shape::Tty,
        FormatName::Gnu => Shape::Gnu,
        FormatName::Checkstyle => Shape::Checkstyle,
        FormatName::Codeclimate => Shape::CodeClimate,
        FormatName::GitlabCodeclimate => Shape::GitlabCodeClimate,
        FormatName::Codacy => Shape::Codacy,
        FormatName::Sonarqube => Shape::Sonarqube,
        FormatName::Sarif => Shape::Sarif,
        FormatName::Junit => Shape::Junit,
    })
}

fn print(
    command: &Check,
    color: ColorWhen,
    mode: Mode,
    printing: &Printing,
    report: &Report,
    texts: &[(SourceFile, SourceFile)],
    out: &mut dyn Write,
) -> Result<(), Stop> {
    let style = term::style(color, command.quiet);
    let all = |out: &mut dyn Write, style: report::Style| -> Result<(), Stop> {
        for (index, format) in printing.formats.iter().enumerate() {
            match printing.outputs.get(index) {
                Some(path) => {
                    let failed = |error| Stop::Usage(format!("--output: {}: {}", path.display(), read::reason(&error)));
                    let mut file = io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
                    report::write(*format, style.plain(), report, &mut file).map_err(failed)?;
                    file.flush().map_err(failed)?;
                }
                None => report::write(*format, style, report, out)?,
            }
        }
        Ok(())
    };
    match mode {
        Mode::Diff(_) => {
            for (before, after) in texts {
                diff::show(before, after, style, out)?;
            }
            Ok(())
        }
        // The standard output is for the fixed text of the standard input; the report goes beside it.
        Mode::Fix(_) if !texts.is_empty() => {
            for (_, after) in texts {
                out.write_all(&after.all_bytes())?;
            }
            all(&mut io::stderr().lock(), style.plain())
        }
        _ => all(out, style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_problem_of_its_file() {
        let path = Path::new("a/Dockerfile");
        let problem = guarded::<()>(path, || panic!("at {}", "once")).unwrap_err();
        assert_eq!(problem.to_string(), "a/Dockerfile: internal error, please report it: at once");
        assert_eq!(guarded::<()>(path, || Err("is gone".into())).unwrap_err().to_string(), "a/Dockerfile: is gone");
        assert_eq!(guarded(path, || Ok(1)).unwrap(), 1);
    }
}
