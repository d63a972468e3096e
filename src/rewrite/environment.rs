//! ENV and ARG in the final stage: what the program may read stays, what only the build read goes.

use super::Tier;
use super::case::Case;
use super::layout::Parts;
use super::paths::within;
use super::render::Style;
use crate::model::{Step, expand, variables};
use crate::syntax::{Body, Instruction, KeyValue, Pairs};

/// Read by the go command and its tools alone, or left by what installed them.
const BUILD_ONLY: &[&str] = &[
    "CC",
    "CXX",
    "DEBIAN_FRONTEND",
    "GOARCH",
    "GOARM",
    "GOAMD64",
    "GOBIN",
    "GOCACHE",
    "GOFLAGS",
    "GOINSECURE",
    "GOLANG_VERSION",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GOOS",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "GOVCS",
    "GOWORK",
    "GO111MODULE",
    "GO15VENDOREXPERIMENT",
    "PKG_CONFIG_PATH",
    "GOEXPERIMENT",
];

/// Variables that a package manager and the scripts of its packages read without being named in any command.
pub(super) fn is_read_by_installs(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "ACCEPT_EULA",
        "APT_CONFIG",
        "APT_LISTCHANGES_FRONTEND",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "NEEDRESTART_MODE",
        "TZ",
        "UCF_FORCE_CONFFNEW",
        "UCF_FORCE_CONFFOLD",
    ];
    is_proxy(name) || NAMES.contains(&name) || name.starts_with("DEBIAN_") || name.starts_with("DEBCONF_")
}

pub(super) fn is_proxy(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "http_proxy" | "https_proxy" | "ftp_proxy" | "no_proxy" | "all_proxy")
}

pub fn is_build_only(name: &str) -> bool {
    BUILD_ONLY.contains(&name) || name.starts_with("CGO_")
}

/// What becomes of an ENV instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EnvText {
    /// All of it, as written.
    Whole,
    /// This text instead.
    Changed(String),
    Nothing,
}

/// What becomes of one pair.
enum Fate {
    Keep,
    Drop,
    /// The value that it has in the builder.
    Literal(String),
}

/// `read` are names that the program itself may read.
pub(super) fn env_text(case: &Case<'_>, step: &Step, inst: &Instruction, style: &Style, read: &[String]) -> EnvText {
    let Body::Env(pairs) = &inst.body else { return EnvText::Nothing };
    let fates: Vec<Fate> = pairs.pairs.iter().map(|pair| fate(case, step, pair, read)).collect();
    if fates.iter().all(|fate| matches!(fate, Fate::Keep)) {
        return EnvText::Whole;
    }
    if fates.iter().all(|fate| matches!(fate, Fate::Drop)) {
        return EnvText::Nothing;
    }
    let written: Vec<String> = pairs
        .pairs
        .iter()
        .zip(&fates)
        .filter_map(|(pair, fate)| match fate {
            Fate::Drop => None,
            Fate::Keep => Some(keep_text(case, pairs, pair)),
            Fate::Literal(value) => Some(format!("{}={}", pair.key.text, quote(value))),
        })
        .collect();
    let several_lines = case.source.slice(inst.content).contains('\n');
    let between = if several_lines { format!(" {}{}    ", style.escape, style.eol) } else { " ".to_string() };
    EnvText::Changed(format!("{} {}", inst.name.text, written.join(&between)))
}

fn keep_text(case: &Case<'_>, pairs: &Pairs, pair: &KeyValue) -> String {
    if pairs.legacy {
        let value = pair.value.as_ref().map_or("", |value| value.text.as_str());
        return format!("{} {value}", pair.key.text);
    }
    case.source.slice(pair.span).to_string()
}

fn fate(case: &Case<'_>, step: &Step, pair: &KeyValue, read: &[String]) -> Fate {
    let name = pair.key.text.as_str();
    if is_build_only(name) && !read.iter().any(|read| read == name) {
        return Fate::Drop;
    }
    let Some(value) = &pair.value else { return Fate::Keep };
    let expanded = expand(&value.text, case.file.escape, &step.env);
    if name == "PATH" {
        let Ok(expanded) = &expanded else { return Fate::Keep };
        return path_fate(step, expanded, &value.text);
    }
    let names = variables(&value.text, case.file.escape);
    if names.iter().any(|name| is_build_only(name) || lost(step, name))
        && let Ok(expanded) = expanded
    {
        return Fate::Literal(expanded);
    }
    Fate::Keep
}

/// A variable that only the builder's base sets.
fn lost(step: &Step, name: &str) -> bool {
    name != "PATH" && step.env.get(name).is_some_and(|variable| variable.origin == crate::model::Origin::Base)
}

/// PATH: toolchain directories are dropped; when nothing else is new the whole pair goes.
fn path_fate(step: &Step, expanded: &str, written: &str) -> Fate {
    let old: Vec<&str> = step.env.value("PATH").unwrap_or("").split(':').collect();
    let toolchain = |dir: &str| within(dir, "/go") || within(dir, "/usr/local/go") || dir.ends_with("/go/bin");
    let new: Vec<&str> = expanded.split(':').filter(|dir| !old.contains(dir) && !toolchain(dir)).collect();
    let standard = super::paths::STANDARD_PATH;
    if new.iter().all(|dir| standard.contains(dir) || dir.is_empty()) {
        return Fate::Drop;
    }
    if written.contains("GOPATH")
        || written.contains("GOROOT")
        || expanded.split(':').any(toolchain) && !written.contains("$PATH")
    {
        let kept: Vec<&str> = expanded.split(':').filter(|dir| !toolchain(dir)).collect();
        return Fate::Literal(kept.join(":"));
    }
    Fate::Keep
}

/// Variables that the old base alone sets, with their value where that is known.
pub(super) fn of_old_base(parts: &Parts<'_, '_>) -> Vec<(String, Option<String>)> {
    let case = parts.case;
    if parts.choice.tier <= Tier::SameDistro && parts.ground.is_some_and(|ground| !ground.toolchain_image) {
        return Vec::new();
    }
    let mut list: Vec<(String, Option<String>)> = match &case.stage.facts {
        Some(facts) => {
            let known = facts.env.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
            known.chain(facts.env_unknown.iter().map(|name| (name.clone(), None))).collect()
        }
        None if parts.ground.is_some_and(|ground| ground.golang) => {
            let known = [("GOLANG_VERSION", None), ("GOPATH", Some("/go")), ("GOTOOLCHAIN", None)];
            known.map(|(name, value)| (name.to_string(), value.map(String::from))).into()
        }
        None => Vec::new(),
    };
    let by_file = |name: &str| {
        case.steps().any(|(_, inst)| match &inst.body {
            Body::Env(pairs) => pairs.pairs.iter().any(|pair| pair.key.text == name),
            _ => false,
        })
    };
    list.retain(|(name, _)| name != "PATH" && !by_file(name));
    list.sort_unstable();
    list.dedup_by(|one, other| one.0 == other.0);
    list
}

/// The line that sets again what the program or a script names.
pub(super) fn of_old_base_line(parts: &Parts<'_, '_>, style: &Style) -> Option<String> {
    let named = of_old_base(parts).into_iter().filter(|(name, _)| parts.needs.variables.contains(name));
    let pairs: Vec<String> = named.filter_map(|(name, value)| Some(format!("{name}={}", quote(&value?)))).collect();
    (!pairs.is_empty()).then(|| format!("{} {}", style.keyword("ENV"), pairs.join(" ")))
}

/// A value as ENV takes it: in double quotes where it has to be.
fn quote(value: &str) -> String {
    let plain = value.chars().all(|letter| letter.is_ascii_alphanumeric() || "/.:_-,+@%=".contains(letter));
    if plain && !value.is_empty() {
        return value.to_string();
    }
    let mut text = String::from("\"");
    for letter in value.chars() {
        if matches!(letter, '"' | '\\' | '$') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push('"');
    text
}
