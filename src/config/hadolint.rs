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
use super::{Config, ConfigError, Environment, names};
use crate::diagnostic::Severity;
use crate::report::FailOn;
use crate::rules::rules_in;
use crate::settings::{Profile, RuleOptions};

/// Every key that hadolint 2.15 has. How it prints (`format`, `no-color`, `verbose`) is read and not followed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    ignored: Option<Vec<String>>,
    #[serde(rename = "override")]
    overrides: Option<Lists>,
    failure_threshold: Option<Threshold>,
    disable_ignore_pragma: Option<bool>,
    no_fail: Option<bool>,
    #[serde(rename = "trustedRegistries")]
    trusted_registries: Option<Vec<String>>,
    label_schema: Option<BTreeMap<String, LabelKindName>>,
    strict_labels: Option<bool>,
    #[serde(rename = "format")]
    _format: Option<FormatName>,
    #[serde(rename = "formats")]
    _formats: Option<Vec<FormatName>>,
    #[serde(rename = "no-color")]
    _no_color: Option<bool>,
    #[serde(rename = "verbose")]
    _verbose: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    error: Option<Vec<String>>,
    warning: Option<Vec<String>>,
    info: Option<Vec<String>>,
    style: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug)]
struct Threshold(FailOn);

/// Only whether there is such a format.
#[derive(Clone, Copy, Debug)]
struct FormatName;

const FORMATS: &[&str] =
    &["tty", "json", "checkstyle", "codeclimate", "gitlab_codeclimate", "gnu", "codacy", "sonarqube", "sarif", "junit"];

fn threshold(name: &str) -> Result<FailOn, String> {
    if name.eq_ignore_ascii_case("ignore") { Ok(FailOn::Never) } else { names::fail_on(name) }
}

fn format(name: &str) -> Result<FormatName, String> {
    if FORMATS.contains(&name) {
        return Ok(FormatName);
    }
    Err(match names::nearest(name, FORMATS.iter().copied()) {
        Some(near) => format!("hadolint has no format `{name}`; did you mean `{near}`?"),
        None => format!("hadolint has no format `{name}`; it has {}", FORMATS.join(", ")),
    })
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Threshold, D::Error> {
        from.deserialize_str(Named("a severity or `none`", threshold)).map(Threshold)
    }
}

impl<'de> Deserialize<'de> for FormatName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FormatName, D::Error> {
        from.deserialize_str(Named("a format", format))
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
            ..File::default()
        }
    }
}

fn both(list: Option<Vec<String>>, more: Option<Vec<String>>) -> Option<Vec<String>> {
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
        let list = || {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            Some(words.map(String::from).collect::<Vec<_>>())
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
                lists.error = list();
                "severity"
            }
            "OVERRIDE_WARNING" => {
                lists.warning = list();
                "severity"
            }
            "OVERRIDE_INFO" => {
                lists.info = list();
                "severity"
            }
            "OVERRIDE_STYLE" => {
                lists.style = list();
                "severity"
            }
            "IGNORE" => {
                file.ignored = list();
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
            // HADOLINT_FORMAT, HADOLINT_VERBOSE: how hadolint prints.
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
    config.disable_ignores = file.disable_ignore_pragma.unwrap_or(false);
    config.fail_on = match file.failure_threshold {
        _ if file.no_fail == Some(true) => Some(FailOn::Never),
        threshold => threshold.map(|threshold| threshold.0),
    };
    config
}

fn slugs(codes: Option<Vec<String>>) -> Vec<&'static str> {
    codes.unwrap_or_default().iter().flat_map(|code| names::known(code)).collect()
}
