//! `.hadolint.yaml` and hadolint's environment variables, read where there is no file of ours, so that a project can
//! change over without writing one.
//!
//! Codes that we do not have are passed over: hadolint has more of them with every version. What is no key of hadolint's
//! is an error, as is a value of the wrong kind; hadolint goes on with its defaults then.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::names::{LabelKindName, Named};
use super::own::from_yaml;
use super::{Config, ConfigError, Environment, Output, names};
use crate::diagnostic::Severity;
use crate::report::FailOn;
use crate::report::hadolint::{SHAPES, Shape};
use crate::rules::rules_in;
use crate::settings::{Profile, RuleOptions};

/// Every key that hadolint 2.15 has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    ignored: Option<Vec<Code>>,
    #[serde(rename = "override")]
    overrides: Option<Lists>,
    failure_threshold: Option<Threshold>,
    disable_ignore_pragma: Option<bool>,
    no_fail: Option<bool>,
    #[serde(rename = "trustedRegistries")]
    trusted_registries: Option<Vec<String>>,
    label_schema: Option<BTreeMap<String, LabelKindName>>,
    strict_labels: Option<bool>,
    format: Option<FormatName>,
    formats: Option<Vec<FormatName>>,
    no_color: Option<bool>,
    verbose: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    error: Option<Vec<Code>>,
    warning: Option<Vec<Code>>,
    info: Option<Vec<Code>>,
    style: Option<Vec<Code>>,
}

#[derive(Clone, Copy, Debug)]
struct Threshold(Severity);

#[derive(Clone, Copy, Debug)]
struct FormatName(Shape);

#[derive(Clone, Debug)]
struct Code(String);

/// hadolint's `ignore` and `none` are its lowest severity: every finding reaches it. `no-fail` is what never fails.
pub fn threshold(name: &str) -> Result<Severity, String> {
    names::hadolints_severity(name)
}

pub fn format(name: &str) -> Result<Shape, String> {
    if let Some((_, shape)) = SHAPES.iter().find(|(other, _)| *other == name) {
        return Ok(*shape);
    }
    let formats: Vec<&str> = SHAPES.iter().map(|(name, _)| *name).collect();
    Err(match names::nearest(name, formats.iter().copied()) {
        Some(near) => format!("hadolint has no format `{name}`; did you mean `{near}`?"),
        None => format!("hadolint has no format `{name}`; it has {}", formats.join(", ")),
    })
}

/// hadolint has more codes with every version, so any word will do; a number is half of a code.
fn code(word: &str) -> Result<String, String> {
    if !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(word.to_string());
    }
    let known = ["DL", "SC"].map(|letters| format!("{letters}{word}"));
    Err(match known.iter().find(|code| !names::known(code).is_empty()) {
        Some(code) => format!("`{word}` is no code of a rule; did you mean `{code}`?"),
        None => format!("`{word}` is no code of a rule; codes are written as DL3008 or SC2086"),
    })
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Threshold, D::Error> {
        from.deserialize_str(Named("a severity", threshold)).map(Threshold)
    }
}

impl<'de> Deserialize<'de> for FormatName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FormatName, D::Error> {
        from.deserialize_str(Named("a format", format)).map(FormatName)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
        from.deserialize_any(Named("the code of a rule", code)).map(Code)
    }
}

/// A file, with what the environment adds.
pub(super) fn read(path: &Path, text: &str, environment: &Environment) -> Result<Config, ConfigError> {
    let file: Option<File> = serde_yaml::from_str(text).map_err(|error| from_yaml(path, text, &error))?;
    let file = file.unwrap_or_default();
    let (given, mut names) = of_environment(environment)?;
    // The file's single values win; its lists are added to.
    names.retain(|(key, _)| match *key {
        "fail-on" => file.failure_threshold.is_none() && file.no_fail.is_none(),
        "ignore-comments" => file.disable_ignore_pragma.is_none(),
        "strict-labels" => file.strict_labels.is_none(),
        "verbose" => file.verbose.is_none(),
        _ => true,
    });
    let mut config = build(file.over(given), Profile::Hadolint);
    config.path = Some(path.to_path_buf());
    config.profile = Some(Profile::Hadolint);
    config.environment = names;
    Ok(config)
}

/// The environment alone; `None` when it says nothing.
pub(super) fn without_file(environment: &Environment) -> Result<Option<Config>, ConfigError> {
    let (given, names) = of_environment(environment)?;
    if names.is_empty() {
        return Ok(None);
    }
    let mut config = build(given, Profile::Default);
    config.environment = names;
    Ok(Some(config))
}

impl File {
    /// As hadolint merges: lists are put together, single values of the file win over those of the environment.
    fn over(self, under: File) -> File {
        let (lists, below) = (self.overrides.unwrap_or_default(), under.overrides.unwrap_or_default());
        let mut schema = under.label_schema.unwrap_or_default();
        schema.extend(self.label_schema.unwrap_or_default());
        File {
            ignored: both(self.ignored, under.ignored),
            overrides: Some(Lists {
                error: both(lists.error, below.error),
                warning: both(lists.warning, below.warning),
                info: both(lists.info, below.info),
                style: both(lists.style, below.style),
            }),
            failure_threshold: self.failure_threshold.or(under.failure_threshold),
            disable_ignore_pragma: self.disable_ignore_pragma.or(under.disable_ignore_pragma),
            no_fail: self.no_fail.or(under.no_fail),
            trusted_registries: both(self.trusted_registries, under.trusted_registries),
            label_schema: Some(schema),
            strict_labels: self.strict_labels.or(under.strict_labels),
            format: self.format.or(under.format),
            formats: both(self.formats, under.formats),
            no_color: self.no_color.or(under.no_color),
            verbose: self.verbose.or(under.verbose),
        }
    }
}

fn both<T>(list: Option<Vec<T>>, more: Option<Vec<T>>) -> Option<Vec<T>> {
    let mut all = more.unwrap_or_default();
    all.extend(list.unwrap_or_default());
    (!all.is_empty()).then_some(all)
}

/// What hadolint's variables say, and which key here each of them sets.
fn of_environment(environment: &Environment) -> Result<(File, Vec<(&'static str, String)>), ConfigError> {
    let mut file = File::default();
    let mut set = Vec::new();
    let lists = file.overrides.get_or_insert_default();
    for (name, value) in &environment.hadolint {
        let wrong = |message: String| ConfigError::new(Path::new(name), message);
        let words = || {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(String::from).collect::<Vec<_>>()
        };
        let list = || Some(words());
        let codes = || {
            let codes: Result<Vec<String>, String> = words().iter().map(|word| code(word)).collect();
            codes.map(|codes| Some(codes.into_iter().map(Code).collect())).map_err(wrong)
        };
        let on = || Some(["1", "y", "on", "true", "yes"].contains(&value.to_lowercase().as_str()));
        let key = match name.strip_prefix("HADOLINT_").unwrap_or_default() {
            "NOFAIL" => {
                file.no_fail = on();
                "fail-on"
            }
            "FAILURE_THRESHOLD" => {
                file.failure_threshold = Some(Threshold(threshold(value).map_err(wrong)?));
                "fail-on"
            }
            "OVERRIDE_ERROR" => {
                lists.error = codes()?;
                "severity"
            }
            "OVERRIDE_WARNING" => {
                lists.warning = codes()?;
                "severity"
            }
            "OVERRIDE_INFO" => {
                lists.info = codes()?;
                "severity"
            }
            "OVERRIDE_STYLE" => {
                lists.style = codes()?;
                "severity"
            }
            "IGNORE" => {
                file.ignored = codes()?;
                "ignore"
            }
            "STRICT_LABELS" => {
                file.strict_labels = on();
                "strict-labels"
            }
            "DISABLE_IGNORE_PRAGMA" => {
                file.disable_ignore_pragma = on();
                "ignore-comments"
            }
            "TRUSTED_REGISTRIES" => {
                file.trusted_registries = list();
                "trusted-registries"
            }
            "REQUIRE_LABELS" => {
                let mut schema = BTreeMap::new();
                for pair in list().unwrap_or_default() {
                    let Some((label, kind)) = pair.split_once(':') else {
                        return Err(wrong(format!("`{pair}` is not LABEL:KIND")));
                    };
                    schema.insert(label.to_string(), LabelKindName(names::label_kind(kind).map_err(wrong)?));
                }
                file.label_schema = Some(schema);
                "label-schema"
            }
            "FORMAT" => {
                let formats: Result<Vec<Shape>, String> = words().iter().map(|name| format(name)).collect();
                file.formats = Some(formats.map_err(wrong)?.into_iter().map(FormatName).collect());
                "format"
            }
            "VERBOSE" => {
                file.verbose = on();
                "verbose"
            }
            _ => continue,
        };
        set.push((key, name.clone()));
    }
    Ok((file, set))
}

fn build(file: File, profile: Profile) -> Config {
    let mut config = Config { ignore: slugs(file.ignored), ..Config::default() };
    let lists = file.overrides.unwrap_or_default();
    // As hadolint applies them: the later list wins, so error over warning over info over style.
    let lists = [
        (lists.style, Severity::Style),
        (lists.info, Severity::Info),
        (lists.warning, Severity::Warning),
        (lists.error, Severity::Error),
    ];
    for (list, severity) in lists {
        config.severities.extend(slugs(list).into_iter().map(|slug| (slug, severity)));
    }
    // A rule that is off comes on there by being given a severity.
    let mut select = rules_in(profile);
    let more: Vec<&'static str> = config.severities.keys().copied().filter(|slug| !select.contains(slug)).collect();
    if !more.is_empty() && profile == Profile::Hadolint {
        select.extend(more);
        config.select = Some(select);
    }
    config.options = RuleOptions {
        trusted_registries: file.trusted_registries.unwrap_or_default(),
        label_schema: file.label_schema.unwrap_or_default().into_iter().map(|(name, kind)| (name, kind.0)).collect(),
        strict_labels: file.strict_labels.unwrap_or(false),
    };
    // Formats are put together, as all lists; each is printed once.
    let mut formats: Vec<Shape> = Vec::new();
    for FormatName(shape) in file.formats.into_iter().flatten().chain(file.format) {
        if !formats.contains(&shape) {
            formats.push(shape);
        }
    }
    config.output = Output { formats, no_color: file.no_color == Some(true), verbose: file.verbose == Some(true) };
    config.disable_ignores = file.disable_ignore_pragma.unwrap_or(false);
    config.fail_on = match file.failure_threshold {
        _ if file.no_fail == Some(true) => Some(FailOn::Never),
        threshold => threshold.map(|threshold| FailOn::At(threshold.0)),
    };
    config
}

fn slugs(codes: Option<Vec<Code>>) -> Vec<&'static str> {
    codes.unwrap_or_default().iter().flat_map(|code| names::known(&code.0)).collect()
}
