//! `unladen config`: the configuration in force, as YAML, each line with where it comes from.

use std::io::Write;
use std::path::Path;

use super::args::ShowConfig;
use super::{Exit, Stop, finder, overrides, read};
use crate::config::names;
use crate::report::FailOn;
use crate::rules::RULES;
use crate::settings::{BaseWish, Stated};

pub(super) fn run(command: &ShowConfig, out: &mut dyn Write) -> Result<Exit, Stop> {
    let overrides = overrides(&command.rules, &command.build, command.fail_on.as_deref())?;
    let path = command.path.as_path();
    if let Err(error) = std::fs::metadata(path) {
        return Err(Stop::Usage(format!("{}: {}", path.display(), read::reason(&error))));
    }
    let directory = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    let found = finder(&command.config).find(directory);
    let config = found.map_err(|error| Stop::Usage(error.problem().to_string()))?;
    let settings = config.settings(&overrides, path);
    let file = config.path.as_deref().map(|path| path.display().to_string());
    // Where a value comes from: the command line, the file, or nowhere.
    let from = |option: bool, key: bool| match (option, key, &file) {
        (true, ..) => "command line",
        (false, true, Some(_)) => "file",
        _ => "default",
    };

    match &file {
        Some(file) => writeln!(out, "# {file}")?,
        None => writeln!(out, "# no configuration file")?,
    }
    let fail_on = match config.fail_on(&overrides) {
        FailOn::At(severity) => severity.name(),
        FailOn::Never => "none",
    };
    writeln!(out, "fail-on: {fail_on}  # {}", from(overrides.fail_on.is_some(), config.fail_on.is_some()))?;
    let profile = names::profile_name(settings.profile);
    writeln!(out, "profile: {profile}  # {}", from(overrides.profile.is_some(), config.profile.is_some()))?;
    let base = match settings.rewrite.base {
        BaseWish::Auto => "auto",
        BaseWish::Static => "static",
        BaseWish::Scratch => "scratch",
        BaseWish::SameDistro => "same-distro",
    };
    writeln!(out, "base: {base}  # {}", from(overrides.base.is_some(), config.rewrite.base != BaseWish::Auto))?;
    if let Some(target) = &settings.model.target {
        writeln!(out, "target: {}  # {}", quoted(target), from(overrides.target.is_some(), true))?;
    }
    if !settings.model.build_args.is_empty() {
        writeln!(out, "build-args:")?;
        for (name, value) in &settings.model.build_args {
            let option = overrides.build_args.iter().any(|(other, _)| other == name);
            writeln!(out, "  {}: {}  # {}", quoted(name), quoted(value), from(option, true))?;
        }
    }
    if settings.disable_ignores {
        writeln!(out, "ignore-comments: false  # {}", from(overrides.disable_ignores, true))?;
    }
    if !config.exclude_patterns.is_empty() {
        let patterns: Vec<String> = config.exclude_patterns.iter().map(|pattern| quoted(pattern)).collect();
        writeln!(out, "exclude: [{}]  # file", patterns.join(", "))?;
    }
    if !config.per_file_patterns.is_empty() {
        writeln!(out, "per-file-ignores:")?;
        for (pattern, slugs) in &config.per_file_patterns {
            writeln!(out, "  {}: [{}]  # file", quoted(pattern), slugs.join(", "))?;
        }
    }
    if let Some(bytes) = settings.size.max_size {
        writeln!(out, "max-size: {bytes}  # {}", from(overrides.max_size.is_some(), config.size.max_size.is_some()))?;
    }
    if !settings.size.max_sizes.is_empty() {
        writeln!(out, "max-sizes:")?;
        for (target, bytes) in &settings.size.max_sizes {
            writeln!(out, "  {}: {bytes}  # file", quoted(target))?;
        }
    }
    stated(&settings.rewrite.stated, out)?;

    let (mut on, mut off) = (Vec::new(), Vec::new());
    for rule in RULES {
        let selected = settings
            .select
            .as_ref()
            .map_or_else(|| rule.in_profile(settings.profile), |selected| selected.contains(&rule.slug));
        if selected && !settings.ignore.contains(&rule.slug) { on.push(rule) } else { off.push(rule.slug) }
    }
    let origin = from(overrides.select.is_some(), config.select.is_some());
    writeln!(out, "select:  # {origin}")?;
    for rule in on {
        let severity = settings.severities.get(rule.slug).copied();
        let given = severity.map_or(String::new(), |severity| format!("  # {}: file", severity.name()));
        writeln!(out, "  - {}{given}", rule.slug)?;
    }
    for slug in off {
        writeln!(out, "# off: {slug}")?;
    }
    Ok(Exit::Clean)
}

fn stated(stated: &Stated, out: &mut dyn Write) -> std::io::Result<()> {
    if *stated == Stated::default() {
        return Ok(());
    }
    let list = |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    writeln!(out, "rewrite:  # file")?;
    if let Some(files) = &stated.runtime_files {
        writeln!(out, "  runtime-files: [{}]", list(files))?;
    }
    if let Some(answer) = stated.needs_shell {
        writeln!(out, "  needs-shell: {answer}")?;
    }
    if let Some(answer) = stated.cgo {
        writeln!(out, "  cgo: {answer}")?;
    }
    if !stated.packages.is_empty() {
        writeln!(out, "  packages: [{}]", list(&stated.packages))?;
    }
    if let Some(prefix) = &stated.base_prefix {
        writeln!(out, "  base-prefix: {}", quoted(prefix))?;
    }
    Ok(())
}

/// A YAML string: JSON's are among them.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_/".contains(&byte));
    let word = !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if plain && word && !text.starts_with('-') {
        return text.to_string();
    }
    serde_json::to_string(text).unwrap_or_default()
}
