//! `unladen size`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::{BuildArgs, ColorWhen, ConfigArgs, PlanFormat, RuleArgs};
use super::{Exit, Stop, check, complain, finder, note, overrides, read, registry, size_image, term};
use crate::config::{ConfigError, lock, names};
use crate::context::BuildContext;
use crate::diagnostic::{Applicability, FixKind};
use crate::fix::{self, FixWish};
use crate::lint::{self, Checked};
use crate::report::size::{self, SizeReport, Variant, Way};
use crate::rewrite;
use crate::rules::RULES;
use crate::settings::Settings;
use crate::size::Fleet;
use crate::text::SourceFile;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  unladen size                                 the Dockerfile of this directory, by instruction
  unladen size --html size.html app/Dockerfile a page with the layers before and after
  unladen size --fleet 18 --deploys 5          what 18 services deployed 5 times a day keep and send
  unladen size --image app:latest              the real bytes of a built image beside the estimate
  unladen size --max-size 50MB                 fail when the image is larger
  unladen size --registry --save               ask the registries, and keep what they say for runs without network

Sizes are those of linux/amd64 on disk, MB are 10^6 bytes. What nobody can tell without building is
left out, and the sum then says `at least`.")]
pub struct Size {
    /// The Dockerfile; `-` is the standard input
    #[arg(value_name = "FILE", default_value = "Dockerfile")]
    pub file: PathBuf,
    /// How it is printed: pretty or json
    #[arg(long, short, default_value = "pretty", hide_possible_values = true)]
    pub format: PlanFormat,
    /// Write one page for the browser that needs nothing beside itself
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Show what so many services keep and send a month
    #[arg(long, value_name = "SERVICES", value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    pub fleet: Option<u64>,
    /// Deployments of each service a day [default: 1]
    #[arg(long, value_name = "N", requires = "fleet", value_parser = clap::value_parser!(u64).range(1..100_000))]
    pub deploys: Option<u64>,
    /// The most that the image may weigh, as 50MB; the run fails when it likely weighs more
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// Show what this built image really holds: a `docker save` or OCI archive, an OCI layout directory, or the name of an
    /// image of the local engine
    #[arg(long, value_name = "IMAGE", conflicts_with = "tables")]
    pub image: Option<String>,
    #[command(flatten)]
    pub registries: registry::Options,
    /// Print which tables of sizes there are and how old they are
    #[arg(long)]
    pub tables: bool,
    /// Judge each base image by the other rows of the table, to measure how good they are
    #[arg(long, hide = true)]
    pub leave_out: bool,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

pub(super) fn run(command: &Size, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    if command.tables {
        size::write_tables(command.format == PlanFormat::Json, out)?;
        return Ok(Exit::Clean);
    }
    let mut overrides = overrides(&RuleArgs::default(), &command.build, None)?;
    if let Some(limit) = &command.max_size {
        let limit = names::size(limit).map_err(|message| Stop::Usage(format!("--max-size: {message}")))?;
        overrides.max_size = Some(limit);
    }
    let contexts = check::contexts(command.build.context.as_deref())?.always();
    let path = command.file.as_path();
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut finder = finder(&command.config);
    let broken = |error: Arc<ConfigError>| Stop::Usage(error.problem().to_string());
    let config = finder.find(directory).map_err(broken)?;
    let locked = finder.lock(directory).map_err(broken)?;
    let trouble = |message: String| Stop::Usage(format!("{}: {message}", path.display()));
    let source = read::source(path, None).map_err(trouble)?;
    let context = contexts.of(path, &source).map_err(trouble)?;
    let mut settings = config.settings(&overrides, path);
    settings.size.leave_out = command.leave_out;
    settings.lock(locked);
    let mut report = report(source.clone(), context.as_deref(), &settings);
    // What cannot be built has no size.
    if let Some(error) = report.now.dockerfile.errors.first() {
        let at = source.line_col(error.span.start);
        let place = format!("{}:{}:{}", path.display(), at.line, at.column);
        return Err(Stop::Usage(format!("{place}: {}", error.message)));
    }
    let mut troubles = Vec::new();
    if command.registries.registry {
        let files = std::iter::once(&report.now).chain(report.after.iter().map(|after| &after.checked));
        let told = registry::ask(&registry::wanted(files), &command.registries)?;
        settings.lock(lock::merged(&settings.size.locked, &told.images));
        report = self::report(source, context.as_deref(), &settings);
        if command.registries.save && !told.images.is_empty() {
            note(&registry::save(directory, &told.images)?);
        }
        told.notes.iter().for_each(|text| note(text));
        troubles = told.troubles;
    }
    report.max_size = check::limit(&settings, &report.now);
    report.fleet = command.fleet.map(|services| Fleet { services, deploys: command.deploys.unwrap_or(1) });
    if let Some(image) = &command.image {
        let built = size_image::read(image, &report.now);
        report.built = Some(built.map_err(|error| Stop::Usage(format!("--image {image}: {error}")))?);
    }

    match command.format {
        PlanFormat::Json => size::write_json(&report, out)?,
        PlanFormat::Pretty => size::write_pretty(&report, term::style(color, false), out)?,
    }
    if let Some(path) = &command.html {
        let written = std::fs::write(path, size::html(&report));
        written.map_err(|error| Stop::Usage(format!("{}: cannot be written: {error}", path.display())))?;
    }
    if !troubles.is_empty() {
        out.flush()?;
        troubles.iter().for_each(|text| complain(&format!("--registry: {text}")));
        return Ok(Exit::Trouble);
    }
    let likely = report.now.size.shipped().map_or(0, |stage| stage.total.size.likely);
    Ok(if report.max_size.is_some_and(|limit| likely > limit) { Exit::Findings } else { Exit::Clean })
}

/// The file as it is, after the fixes, and rewritten.
fn report(source: SourceFile, context: Option<&BuildContext>, settings: &Settings) -> SizeReport {
    // What the user left out of `check` may weigh all the same.
    let settings = Settings {
        select: Some(RULES.iter().filter(|rule| rule.default).map(|rule| rule.slug).collect()),
        ignore: Vec::new(),
        ..settings.clone()
    };
    let now = lint::check(source.clone(), context, &settings);
    let mut after = Vec::new();
    for (way, applicability) in [(Way::SafeFixes, Applicability::Safe), (Way::AllFixes, Applicability::Unsafe)] {
        let wanted = |found: &crate::diagnostic::Diagnostic| {
            found.fix.as_ref().is_some_and(|fix| fix.kind == FixKind::Edit && fix.applicability >= applicability)
        };
        if !now.diagnostics.iter().any(wanted) {
            continue;
        }
        let fixed = fix::fix(source.clone(), context, &settings, FixWish { applicability, rewrites: false });
        if fixed.changed() {
            after.push(Variant { way, fixes: fixed.applied.len(), checked: fixed.checked });
        }
    }
    let plan = rewrite::plan(&source, &now.dockerfile, &now.model, context, &settings.rewrite);
    let not_rewritten = match plan {
        Ok(plan) => {
            if let Some(rewritten) = source.apply(&plan.edits) {
                let checked: Checked = lint::check(rewritten, context, &settings);
                after.push(Variant { way: Way::Rewrite, fixes: 1, checked });
            }
            None
        }
        // Nothing to rewrite in a file that has stages already.
        Err(_) if now.model.stages.len() != 1 => None,
        Err(refusal) => Some(refusal.message),
    };
    SizeReport { now, after, not_rewritten, fleet: None, max_size: None, built: None }
}
