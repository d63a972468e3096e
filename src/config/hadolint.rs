//! `.hadolint.yaml`, read where there is no file of ours, so that a project can change over without writing one.
//!
//! Codes that we do not have are passed over, as are keys that mean nothing here (`format`, `no-color`, `verbose`):
//! the file is written for another program.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::names::LabelKindName;
use super::own::from_yaml;
use super::{Config, ConfigError, names};
use crate::diagnostic::Severity;
use crate::report::FailOn;
use crate::rules::rules_in;
use crate::settings::{Profile, RuleOptions};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    ignored: Option<Vec<String>>,
    #[serde(rename = "override")]
    overrides: Option<Lists>,
    failure_threshold: Option<String>,
    disable_ignore_pragma: Option<bool>,
    no_fail: Option<bool>,
    #[serde(rename = "trustedRegistries")]
    trusted_registries: Option<Vec<String>>,
    label_schema: Option<BTreeMap<String, LabelKindName>>,
    strict_labels: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
struct Lists {
    error: Option<Vec<String>>,
    warning: Option<Vec<String>>,
    info: Option<Vec<String>>,
    style: Option<Vec<String>>,
}

pub(super) fn read(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let file: Option<File> = serde_yaml::from_str(text).map_err(|error| from_yaml(path, &error))?;
    let file = file.unwrap_or_default();
    let mut config = Config { path: Some(path.to_path_buf()), ..Config::default() };
    config.ignore = slugs(file.ignored);
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
    config.profile = Some(Profile::Hadolint);
    let mut select = rules_in(Profile::Hadolint);
    let more: Vec<&'static str> = config.severities.keys().copied().filter(|slug| !select.contains(slug)).collect();
    if !more.is_empty() {
        select.extend(more);
        config.select = Some(select);
    }
    config.options = RuleOptions {
        trusted_registries: file.trusted_registries.unwrap_or_default(),
        label_schema: file.label_schema.unwrap_or_default().into_iter().map(|(name, kind)| (name, kind.0)).collect(),
        strict_labels: file.strict_labels.unwrap_or(false),
    };
    config.disable_ignores = file.disable_ignore_pragma.unwrap_or(false);
    config.fail_on = match file.failure_threshold.as_deref() {
        _ if file.no_fail == Some(true) => Some(FailOn::Never),
        None => None,
        Some(name) if name.eq_ignore_ascii_case("ignore") => Some(FailOn::Never),
        Some(name) => Some(names::fail_on(name).map_err(|message| ConfigError::new(path, message))?),
    };
    Ok(config)
}

fn slugs(codes: Option<Vec<String>>) -> Vec<&'static str> {
    codes.unwrap_or_default().iter().flat_map(|code| names::known(code)).collect()
}
