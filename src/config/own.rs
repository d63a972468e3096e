//! `.unladen.yaml`.

use std::collections::BTreeMap;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;

use super::names::{
    BaseName, FailOnName, LabelKindName, PackageName, PrefixName, ProfileName, RuleName, SeverityName, SizeName,
    nearest,
};
use super::{Config, ConfigError, Output};
use crate::settings::{RewriteOptions, RuleOptions, SizeOptions, Stated};

/// The file as it may be written; every key may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    profile: Option<ProfileName>,
    select: Option<Vec<RuleName>>,
    ignore: Option<Vec<RuleName>>,
    severity: Option<BTreeMap<String, SeverityName>>,
    fail_on: Option<FailOnName>,
    target: Option<String>,
    /// As written: `1.10` is no number here.
    build_args: Option<BTreeMap<String, String>>,
    base: Option<BaseName>,
    /// The most that the image may weigh: `50MB`.
    max_size: Option<SizeName>,
    /// The same by the name of the target.
    max_sizes: Option<BTreeMap<String, SizeName>>,
    per_file_ignores: Option<BTreeMap<String, Vec<RuleName>>>,
    exclude: Option<Vec<String>>,
    ignore_comments: Option<bool>,
    rewrite: Option<Rewrite>,
    trusted_registries: Option<Vec<String>>,
    label_schema: Option<BTreeMap<String, LabelKindName>>,
    strict_labels: Option<bool>,
}

/// Facts that no file shows; see `settings::Stated`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rewrite {
    strip: Option<bool>,
    module_cache: Option<bool>,
    runtime_files: Option<Vec<String>>,
    needs_shell: Option<bool>,
    cgo: Option<bool>,
    packages: Option<Vec<PackageName>>,
    base_prefix: Option<PrefixName>,
}

pub(super) fn read(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let file: Option<File> = serde_yaml::from_str(text).map_err(|error| from_yaml(path, text, &error))?;
    let file = file.unwrap_or_default();
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut severities = BTreeMap::new();
    for (name, severity) in file.severity.unwrap_or_default() {
        let slugs = super::names::rules(&name).map_err(|message| at_text(path, text, &name, message))?;
        severities.extend(slugs.into_iter().map(|slug| (slug, severity.0)));
    }
    let mut per_file_ignores = Vec::new();
    let mut per_file_patterns = Vec::new();
    for (pattern, names) in file.per_file_ignores.unwrap_or_default() {
        let slugs = flat(names);
        let matcher = patterns(directory, std::slice::from_ref(&pattern))
            .map_err(|(pattern, message)| at_text(path, text, &pattern, message))?;
        per_file_ignores.push((matcher, slugs.clone()));
        per_file_patterns.push((pattern, slugs));
    }
    let exclude_patterns = file.exclude.unwrap_or_default();
    let exclude = match exclude_patterns.as_slice() {
        [] => None,
        lines => {
            let matcher = patterns(directory, lines);
            Some(matcher.map_err(|(pattern, message)| at_text(path, text, &pattern, message))?)
        }
    };
    let rewrite = file.rewrite.unwrap_or_default();
    Ok(Config {
        path: Some(path.to_path_buf()),
        environment: Vec::new(),
        profile: file.profile.map(|name| name.0),
        options: RuleOptions {
            trusted_registries: file.trusted_registries.unwrap_or_default(),
            label_schema: file
                .label_schema
                .unwrap_or_default()
                .into_iter()
                .map(|(name, kind)| (name, kind.0))
                .collect(),
            strict_labels: file.strict_labels.unwrap_or(false),
        },
        select: file.select.map(flat),
        ignore: flat(file.ignore.unwrap_or_default()),
        severities,
        fail_on: file.fail_on.map(|name| name.0),
        target: file.target,
        build_args: file.build_args.unwrap_or_default().into_iter().collect(),
        rewrite: RewriteOptions {
            base: file.base.map(|name| name.0).unwrap_or_default(),
            strip: rewrite.strip.unwrap_or_default(),
            debug_stage: false,
            module_cache: rewrite.module_cache.unwrap_or_default(),
            stated: Stated {
                runtime_files: rewrite.runtime_files,
                needs_shell: rewrite.needs_shell,
                cgo: rewrite.cgo,
                packages: rewrite.packages.unwrap_or_default().into_iter().map(|name| name.0).collect(),
                base_prefix: rewrite.base_prefix.map(|prefix| prefix.0),
            },
            ..RewriteOptions::default()
        },
        size: SizeOptions {
            max_size: file.max_size.map(|size| size.0),
            max_sizes: file.max_sizes.unwrap_or_default().into_iter().map(|(name, size)| (name, size.0)).collect(),
            ..SizeOptions::default()
        },
        disable_ignores: file.ignore_comments == Some(false),
        output: Output::default(),
        per_file_ignores,
        exclude,
        exclude_patterns,
        per_file_patterns,
    })
}

fn flat(names: Vec<RuleName>) -> Vec<&'static str> {
    names.into_iter().flat_map(|name| name.0).collect()
}

/// `Err` holds the pattern that is wrong and why.
fn patterns(directory: &Path, lines: &[String]) -> Result<Gitignore, (String, String)> {
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
    let mut builder = GitignoreBuilder::new(directory);
    for line in lines {
        if let Err(error) = builder.add_line(None, line) {
            return Err((line.clone(), format!("`{line}` is no pattern: {error}")));
        }
    }
    builder.build().map_err(|error| (lines.join(" "), error.to_string()))
}

/// An error at the first place of the file where the text stands.
fn at_text(path: &Path, file: &str, text: &str, message: String) -> ConfigError {
    let at = file.lines().zip(1..).find_map(|(line, number)| {
        let before = line.get(..line.find(text)?)?;
        Some((number, before.chars().count() as u32 + 1))
    });
    ConfigError { path: path.to_path_buf(), at, message }
}

/// serde's words made ours: without the place at the end, and with the nearest key.
pub(super) fn from_yaml(path: &Path, file: &str, error: &serde_yaml::Error) -> ConfigError {
    let at = error.location().map(|place| (place.line() as u32, place.column() as u32));
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    // The place is that of the mapping; what is wrong is the second key.
    if let Some(key) = text.rsplit_once("duplicate field `").and_then(|(_, rest)| rest.strip_suffix('`')) {
        let is_key =
            |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
        let second = file.lines().zip(1..).filter(|(line, _)| is_key(line)).nth(1);
        let at = second.map(|(line, number)| (number, (line.len() - line.trim_start().len()) as u32 + 1)).or(at);
        return ConfigError { path: path.to_path_buf(), at, message: format!("the key `{key}` stands here twice") };
    }
    ConfigError { path: path.to_path_buf(), at, message: in_plain_words(&with_nearest_key(text)) }
}

/// `invalid type: sequence, expected struct File` as a person would say it.
fn in_plain_words(text: &str) -> String {
    let Some((key, rest)) = text.split_once("invalid type: ") else { return text.to_string() };
    let Some((got, wanted)) = rest.split_once(", expected ") else { return text.to_string() };
    let name = |what: &str| match what.trim_start_matches("a ").split(' ').next().unwrap_or_default() {
        "sequence" => "a list".to_string(),
        "map" | "struct" => "keys".to_string(),
        "string" => "a word".to_string(),
        "boolean" => "true or false".to_string(),
        "integer" | "floating" => "a number".to_string(),
        "unit" => "nothing".to_string(),
        _ => what.to_string(),
    };
    let verb = if got.starts_with("map") { "stand" } else { "stands" };
    let is = if wanted.starts_with("struct") { "are" } else { "is" };
    format!("{key}{} {verb} where {} {is} expected", name(got), name(wanted))
}

fn with_nearest_key(text: &str) -> String {
    let Some((_, rest)) = text.split_once("unknown field `") else { return text.to_string() };
    let Some((key, rest)) = rest.split_once('`') else { return text.to_string() };
    let keys: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    match nearest(key, keys.iter().copied()) {
        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => format!("unknown key `{key}`; the keys are {}", keys.join(", ")),
    }
}
