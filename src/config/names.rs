//! Names that users write: rules by slug or alias, and the nearest name to a wrong one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use crate::diagnostic::Severity;
use crate::report::FailOn;
use crate::rules;
use crate::settings::{BaseWish, LabelKind, Profile, image_prefix, package_name};

/// The slugs of the rules that a name stands for: a slug, an alias, `all`, or `default`. `Err` says what is wrong with it.
pub fn rules(name: &str) -> Result<Vec<&'static str>, String> {
    if name.eq_ignore_ascii_case("all") {
        return Ok(rules::all().map(|rule| rule.slug).collect());
    }
    if name.eq_ignore_ascii_case("default") {
        return Ok(super::default_rules());
    }
    let found = known(name);
    if !found.is_empty() {
        return Ok(found);
    }
    let names = rules::all().flat_map(|rule| std::iter::once(rule.slug).chain(rule.aliases.iter().copied()));
    Err(match nearest(name, names) {
        Some(near) => format!("unknown rule `{name}`; did you mean `{near}`?"),
        None => format!("unknown rule `{name}`; `unladen rule` lists them"),
    })
}

/// The slugs of that slug or alias; none when it is unknown.
pub fn known(name: &str) -> Vec<&'static str> {
    rules::named(name).map(|rule| rule.slug).collect()
}

/// The name that was probably meant.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = names.into_iter().map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), other));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// One rule name of a configuration file, resolved; an unknown one is an error with its place.
#[derive(Clone, Debug)]
pub(super) struct RuleName(pub Vec<&'static str>);

#[derive(Clone, Copy, Debug)]
pub(super) struct SeverityName(pub Severity);

#[derive(Clone, Copy, Debug)]
pub(super) struct FailOnName(pub FailOn);

#[derive(Clone, Copy, Debug)]
pub(super) struct BaseName(pub BaseWish);

#[derive(Clone, Copy, Debug)]
pub(super) struct ProfileName(pub Profile);

#[derive(Clone, Copy, Debug)]
pub(super) struct LabelKindName(pub LabelKind);

#[derive(Clone, Copy, Debug)]
pub(super) struct SizeName(pub u64);

/// A package of a distribution.
#[derive(Clone, Debug)]
pub(super) struct PackageName(pub String);

/// What stands before the name of an image.
#[derive(Clone, Debug)]
pub(super) struct PrefixName(pub String);

/// Reads a string and makes something of it; what it says against the string becomes the error.
pub(super) struct Named<T>(pub &'static str, pub fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Named<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }

    // Only sizes are asked for as any value: a bare number is one in bytes.
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        (self.1)(&number.to_string()).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RuleName, D::Error> {
        from.deserialize_str(Named("the name of a rule", rules)).map(RuleName)
    }
}

impl<'de> Deserialize<'de> for SeverityName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SeverityName, D::Error> {
        from.deserialize_str(Named("a severity", severity)).map(SeverityName)
    }
}

impl<'de> Deserialize<'de> for FailOnName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FailOnName, D::Error> {
        from.deserialize_str(Named("a severity or `none`", fail_on)).map(FailOnName)
    }
}

impl<'de> Deserialize<'de> for BaseName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<BaseName, D::Error> {
        from.deserialize_str(Named("a base", base)).map(BaseName)
    }
}

impl<'de> Deserialize<'de> for ProfileName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ProfileName, D::Error> {
        from.deserialize_str(Named("a profile", profile)).map(ProfileName)
    }
}

impl<'de> Deserialize<'de> for LabelKindName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<LabelKindName, D::Error> {
        from.deserialize_str(Named("a kind of label", label_kind)).map(LabelKindName)
    }
}

impl<'de> Deserialize<'de> for PackageName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PackageName, D::Error> {
        from.deserialize_any(Named("a package", package_name)).map(PackageName)
    }
}

impl<'de> Deserialize<'de> for PrefixName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PrefixName, D::Error> {
        from.deserialize_any(Named("a registry with a path", image_prefix)).map(PrefixName)
    }
}

impl<'de> Deserialize<'de> for SizeName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SizeName, D::Error> {
        from.deserialize_any(Named("a size such as 50MB", size)).map(SizeName)
    }
}

/// Bytes: `50MB`, `1.5 GB`, `800kB`, `1000000`. MB are 10^6 bytes, MiB are 2^20.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(format!("`{text}` is no size; write it as 50MB or 1.2GB")),
    };
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() && number * factor < 1e18 => Ok((number * factor) as u64),
        _ => Err(format!("`{text}` is no size; write it as 50MB or 1.2GB")),
    }
}

/// One of a few words, or the error that names them.
fn one_of<T: Copy>(what: &str, name: &str, words: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, value)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(name)) {
        return Ok(*value);
    }
    let list = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    Err(format!("unknown {what} `{name}`; use one of {list}"))
}

pub fn severity(name: &str) -> Result<Severity, String> {
    one_of("severity", name, &SEVERITIES)
}

pub fn fail_on(name: &str) -> Result<FailOn, String> {
    let mut words: Vec<(&str, FailOn)> =
        SEVERITIES.iter().map(|(name, severity)| (*name, FailOn::At(*severity))).collect();
    words.push(("none", FailOn::Never));
    one_of("severity", name, &words)
}

/// With the words that hadolint has below `style`, which nothing here is.
pub(super) fn hadolints_severity(name: &str) -> Result<Severity, String> {
    let lowest = ["ignore", "none"].map(|word| (word, Severity::Style));
    one_of("severity", name, &[SEVERITIES.as_slice(), &lowest].concat())
}

pub fn base(name: &str) -> Result<BaseWish, String> {
    let words = [
        ("auto", BaseWish::Auto),
        ("static", BaseWish::Static),
        ("scratch", BaseWish::Scratch),
        ("same-distro", BaseWish::SameDistro),
    ];
    one_of("base", name, &words)
}

pub fn profile(name: &str) -> Result<Profile, String> {
    one_of("profile", name, &PROFILES)
}

/// The word for a profile.
pub fn profile_name(profile: Profile) -> &'static str {
    PROFILES.iter().find(|(_, other)| *other == profile).map_or("default", |(name, _)| name)
}

/// hadolint's words.
const LABEL_KINDS: [(&str, LabelKind); 7] = [
    ("text", LabelKind::Text),
    ("url", LabelKind::Url),
    ("rfc3339", LabelKind::Rfc3339),
    ("semver", LabelKind::Semver),
    ("spdx", LabelKind::Spdx),
    ("hash", LabelKind::GitHash),
    ("email", LabelKind::Email),
];

pub fn label_kind(name: &str) -> Result<LabelKind, String> {
    one_of("kind of label", name, &LABEL_KINDS)
}

/// The word for a kind of label.
pub fn label_kind_name(kind: LabelKind) -> &'static str {
    LABEL_KINDS.iter().find(|(_, other)| *other == kind).map_or("text", |(name, _)| name)
}

const PROFILES: [(&str, Profile); 4] = [
    ("default", Profile::Default),
    ("hadolint", Profile::Hadolint),
    ("buildkit", Profile::Buildkit),
    ("all", Profile::All),
];

const SEVERITIES: [(&str, Severity); 4] =
    [("style", Severity::Style), ("info", Severity::Info), ("warning", Severity::Warning), ("error", Severity::Error)];
