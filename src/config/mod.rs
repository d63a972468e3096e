//! Configuration files: found, read and merged with the command line into `Settings`.
//!
//! Ours is `.unladen.yaml`; the closest one upwards counts, whole. hadolint's file is read where there is none.

mod environment;
mod find;
pub mod hadolint;
pub mod lock;
pub mod names;
mod own;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;

pub use environment::Environment;
pub use find::Finder;

use crate::diagnostic::Severity;
use crate::model::ModelOptions;
use crate::report::hadolint::Shape;
use crate::report::{FailOn, Problem};
use crate::rules::rules_in;
use crate::settings::{BaseWish, Profile, RewriteOptions, RuleOptions, Settings, SizeOptions};

/// What a configuration file says, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file; `None` where there is none.
    pub path: Option<PathBuf>,
    /// Keys that take something from the environment, with the name of the variable.
    pub environment: Vec<(&'static str, String)>,
    pub profile: Option<Profile>,
    pub options: RuleOptions,
    pub select: Option<Vec<&'static str>>,
    pub ignore: Vec<&'static str>,
    pub severities: BTreeMap<&'static str, Severity>,
    pub fail_on: Option<FailOn>,
    pub target: Option<String>,
    pub build_args: Vec<(String, String)>,
    pub rewrite: RewriteOptions,
    pub size: SizeOptions,
    pub disable_ignores: bool,
    pub output: Output,
    per_file_ignores: Vec<(Gitignore, Vec<&'static str>)>,
    exclude: Option<Gitignore>,
    /// The texts of the patterns, to show them.
    pub exclude_patterns: Vec<String>,
    pub per_file_patterns: Vec<(String, Vec<&'static str>)>,
}

/// How hadolint's file has it printed; that of the directory in which we are called counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub formats: Vec<Shape>,
    pub no_color: bool,
    /// The configuration in force is shown.
    pub verbose: bool,
}

/// What the command line says; it wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub profile: Option<Profile>,
    pub select: Option<Vec<&'static str>>,
    pub ignore: Vec<&'static str>,
    pub fail_on: Option<FailOn>,
    pub target: Option<String>,
    pub build_args: Vec<(String, String)>,
    pub base: Option<BaseWish>,
    pub max_size: Option<u64>,
    pub disable_ignores: bool,
    pub severities: Vec<(&'static str, Severity)>,
    /// Added to those of the file.
    pub options: RuleOptions,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub path: PathBuf,
    /// Line and column, from 1.
    pub at: Option<(u32, u32)>,
    pub message: String,
}

impl ConfigError {
    pub fn problem(&self) -> Problem {
        Problem { path: Some(self.path.display().to_string()), at: self.at, message: self.message.clone() }
    }

    fn new(path: &Path, message: impl Into<String>) -> ConfigError {
        ConfigError { path: path.to_path_buf(), at: None, message: message.into() }
    }
}

impl Config {
    /// What holds for one file.
    pub fn settings(&self, overrides: &Overrides, file: &Path) -> Settings {
        // A rule that the command line names runs, whatever the file says of it.
        let named = overrides.select.as_deref().unwrap_or_default();
        let mut ignore: Vec<&'static str> = self.ignore.iter().copied().filter(|slug| !named.contains(slug)).collect();
        for (pattern, slugs) in &self.per_file_ignores {
            if matches(pattern, file) {
                ignore.extend(slugs);
            }
        }
        ignore.extend(&overrides.ignore);
        let mut rewrite = self.rewrite.clone();
        rewrite.base = overrides.base.unwrap_or(rewrite.base);
        let mut build_args = self.build_args.clone();
        build_args.retain(|(name, _)| !overrides.build_args.iter().any(|(other, _)| other == name));
        build_args.extend(overrides.build_args.iter().cloned());
        // Another profile than the file's comes without what the file selects.
        let same = overrides.profile.is_none() || overrides.profile == self.profile;
        let profile = overrides.profile.or(self.profile).unwrap_or_default();
        let mut select = overrides.select.clone().or_else(|| self.select.clone().filter(|_| same));
        let mut severities = self.severities.clone();
        severities.extend(overrides.severities.iter().copied());
        // In hadolint's profile a rule comes on by being given a severity.
        if profile == Profile::Hadolint && overrides.select.is_none() && !overrides.severities.is_empty() {
            let rules = select.get_or_insert_with(|| rules_in(profile));
            rules.extend(overrides.severities.iter().map(|(slug, _)| *slug));
        }
        let mut options = self.options.clone();
        options.trusted_registries.extend(overrides.options.trusted_registries.iter().cloned());
        let labels = overrides.options.label_schema.iter().map(|(name, kind)| (name.clone(), *kind));
        options.label_schema.extend(labels);
        options.strict_labels |= overrides.options.strict_labels;
        Settings {
            select,
            profile,
            options,
            ignore,
            severities,
            model: ModelOptions { target: overrides.target.clone().or_else(|| self.target.clone()), build_args },
            rewrite,
            size: SizeOptions {
                max_size: overrides.max_size.or(self.size.max_size),
                // What the command line says holds for every target.
                max_sizes: if overrides.max_size.is_some() { BTreeMap::new() } else { self.size.max_sizes.clone() },
                ..self.size.clone()
            },
            disable_ignores: self.disable_ignores || overrides.disable_ignores,
        }
    }

    pub fn fail_on(&self, overrides: &Overrides) -> FailOn {
        overrides.fail_on.or(self.fail_on).unwrap_or_default()
    }

    /// A file found by walking that is not to be checked.
    pub fn excludes(&self, file: &Path) -> bool {
        self.exclude.as_ref().is_some_and(|patterns| matches(patterns, file))
    }
}

/// Patterns are those of a .gitignore in the directory of the configuration; what lies outside it matches none.
fn matches(patterns: &Gitignore, file: &Path) -> bool {
    let Ok(file) = std::path::absolute(file) else { return false };
    match file.strip_prefix(patterns.path()) {
        Ok(inside) => patterns.matched_path_or_any_parents(inside, false).is_ignore(),
        Err(_) => false,
    }
}

/// The rules that run without being selected.
fn default_rules() -> Vec<&'static str> {
    rules_in(Profile::Default)
}

#[cfg(test)]
mod tests;
