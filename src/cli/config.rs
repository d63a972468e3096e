//! `unladen config`: the configuration in force, as YAML, each line with where it comes from.

use std::io::Write;
use std::path::Path;

use super::args::ShowConfig;
use super::{Exit, Stop, finder, overrides, read};
use crate::config::{Finder, Overrides, names};
use crate::report::FailOn;
use crate::rules;
use crate::settings::{BaseWish, Stated};

pub(super) fn run(command: &ShowConfig, out: &mut dyn Write) -> Result<Exit, Stop> {
    let overrides = overrides(&command.rules, &command.build, command.fail_on.as_deref())?;
    show(&command.path, &mut finder(&command.config), &overrides, out)
}

/// The same for another command that was asked to say it.
pub(super) fn show(path: &Path, finder: &mut Finder, overrides: &Overrides, out: &mut dyn Write) -> Result<Exit, Stop> {
    if let Err(error) = std::fs::metadata(path) {
        return Err(Stop::Usage(format!("{}: {}", path.display(), read::reason(&error))));
    }
    let directory = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    let found = finder.find(directory);
    let config = found.map_err(|error| Stop::Usage(error.problem().to_string()))?;
    let settings = config.settings(overrides, path);
    let file = config.path.as_deref().map(|path| path.display().to_string());
    // Where a value comes from: the command line, the file, or nowhere.
    let from = |option: bool, set: bool| match (option, set, &file) {
        (true, ..) => "command line",
        (false, true, Some(_)) => "file",
        _ => "default",
    };
    // hadolint's variables may say it too.
    let origin = |key: &str, option: bool, set: bool| {
        let variables: Vec<&str> =
            config.environment.iter().filter(|(other, _)| *other == key).map(|(_, name)| name.as_str()).collect();
        let is_list = matches!(key, "ignore" | "severity" | "trusted-registries" | "label-schema");
        match (option, is_list && file.is_some()) {
            _ if variables.is_empty() => from(option, set).to_string(),
            (true, _) => "command line".to_string(),
            (false, true) => format!("file, {}", variables.join(", ")),
            (false, false) => variables.join(", "),
        }
    };

    match &file {
        Some(file) => writeln!(out, "# {file}")?,
        None => writeln!(out, "# no configuration file")?,
    }
    let fail_on = match config.fail_on(overrides) {
        FailOn::At(severity) => severity.name(),
        FailOn::Never => "none",
    };
    let said = origin("fail-on", overrides.fail_on.is_some(), config.fail_on.is_some());
    writeln!(out, "fail-on: {fail_on}  # {said}")?;
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
        writeln!(out, "ignore-comments: false  # {}", origin("ignore-comments", overrides.disable_ignores, true))?;
    }
    let options = &settings.options;
    if !options.trusted_registries.is_empty() {
        let names: Vec<String> = options.trusted_registries.iter().map(|name| quoted(name)).collect();
        writeln!(out, "trusted-registries: [{}]  # {}", names.join(", "), origin("trusted-registries", false, true))?;
    }
    if !options.label_schema.is_empty() {
        writeln!(out, "label-schema:  # {}", origin("label-schema", false, true))?;
        for (label, kind) in &options.label_schema {
            writeln!(out, "  {}: {}", quoted(label), names::label_kind_name(*kind))?;
        }
    }
    if options.strict_labels {
        writeln!(out, "strict-labels: true  # {}", origin("strict-labels", false, true))?;
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

    if !settings.ignore.is_empty() {
        let option = !overrides.ignore.is_empty();
        writeln!(out, "ignore: [{}]  # {}", settings.ignore.join(", "), origin("ignore", option, true))?;
    }
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for rule in rules::all() {
        let selected = settings
            .select
            .as_ref()
            .map_or_else(|| rule.in_profile(settings.profile), |selected| selected.contains(&rule.slug));
        if selected && !settings.ignore.contains(&rule.slug) { on.push(rule) } else { off.push(rule.slug) }
    }
    let said = from(overrides.select.is_some(), config.select.is_some());
    writeln!(out, "select:  # {said}")?;
    for rule in on {
        let severity = settings.severities.get(rule.slug).copied();
        let given = severity
            .map_or(String::new(), |severity| format!("  # {}: {}", severity.name(), origin("severity", false, true)));
        writeln!(out, "  - {}{given}", rule.slug)?;
    }
    // ShellCheck's codes are many: in lines of ten.
    let (codes, slugs): (Vec<&str>, Vec<&str>) = off.iter().partition(|slug| rules::shellcheck::number(slug).is_some());
    for slug in slugs {
        writeln!(out, "# off: {slug}")?;
    }
    for line in codes.chunks(10) {
        writeln!(out, "# off: {}", line.join(", "))?;
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
