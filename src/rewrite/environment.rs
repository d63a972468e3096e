//! ENV and ARG in the final stage: what the program may read stays, what only the build read goes.

use super::Refusal;
use super::Tier;
use super::case::Case;
use super::layout::Parts;
use super::paths::within;
use super::refuse::refuse;
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
    /// As written, but for the names that the final stage does not have.
    Written(String),
}

/// `read` are names that the program itself may read.
pub(super) fn env_text(case: &Case<'_>, step: &Step, inst: &Instruction, style: &Style, read: &[String]) -> EnvText {
    let Body::Env(pairs) = &inst.body else { return EnvText::Nothing };
    let fates: Vec<Fate> = pairs.pairs.iter().map(|pair| fate(case, step, pairs, pair, read)).collect();
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
            Fate::Written(value) if pairs.legacy => Some(format!("{} {value}", pair.key.text)),
            Fate::Written(value) => Some(format!("{}={value}", pair.key.text)),
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

fn fate(case: &Case<'_>, step: &Step, pairs: &Pairs, pair: &KeyValue, read: &[String]) -> Fate {
    let name = pair.key.text.as_str();
    if is_build_only(name) && !read.iter().any(|read| read == name) {
        return Fate::Drop;
    }
    let Some(value) = &pair.value else { return Fate::Keep };
    let expanded = expand(&value.text, case.file.escape, &step.env);
    // What the same instruction sets is not in force yet, which its copy would not show.
    let beside = |other: &str| other != name && pairs.pairs.iter().any(|pair| pair.key.text == other);
    let gone = |other: &str| is_gone(step, other, read) || other != name && other == "PATH" || beside(other);
    if name == "PATH" {
        let Ok(expanded) = &expanded else { return Fate::Keep };
        return match path_fate(step, expanded, &value.text) {
            // `$PATH` is another one in the final stage; everything else has the value that it had.
            Fate::Keep => match substitute(&value.text, case.file.escape, step, &gone) {
                Some(Ok(text)) => Fate::Written(text),
                Some(Err(_)) => Fate::Literal(without_toolchain(expanded)),
                None => Fate::Keep,
            },
            fate => fate,
        };
    }
    let names = variables(&value.text, case.file.escape);
    if !names.iter().any(|name| gone(name)) {
        return Fate::Keep;
    }
    match (expanded, substitute(&value.text, case.file.escape, step, &gone)) {
        (Ok(expanded), _) => Fate::Literal(expanded),
        (Err(_), Some(Ok(text))) => Fate::Written(text),
        // The check of the whole result tells that the value is another one.
        (Err(_), _) => Fate::Keep,
    }
}

/// A variable that the final stage does not have.
fn is_gone(step: &Step, name: &str, read: &[String]) -> bool {
    is_build_only(name) && !read.iter().any(|read| read == name) || lost(step, name)
}

/// The text with the values of the names that are gone; `None` when it has none of them, and the name where its value
/// is not known or cannot be put there.
fn substitute(text: &str, escape: char, step: &Step, gone: &dyn Fn(&str) -> bool) -> Option<Result<String, String>> {
    let names = variables(text, escape);
    let first = names.iter().find(|name| gone(name))?.clone();
    // Quotes and escapes say which `$` means anything.
    if text.contains('\'') || text.contains(&format!("{escape}$")) {
        return Some(Err(first));
    }
    let mut text = text.to_string();
    for name in names.iter().filter(|name| gone(name)) {
        let value = match step.env.get(name) {
            Some(variable) => variable.value.clone(),
            None => Some(String::new()),
        };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "/.:_-,+@%=".contains(letter);
        let Some(value) = value.filter(|value| value.chars().all(plain)) else { return Some(Err(name.clone())) };
        text = text.replace(&format!("${{{name}}}"), &value);
        let mut out = String::new();
        let mut rest = text.as_str();
        let wanted = format!("${name}");
        while let Some((before, after)) = rest.split_once(&wanted) {
            let longer = after.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
            out.push_str(before);
            out.push_str(if longer { &wanted } else { &value });
            rest = after;
        }
        text = out + rest;
    }
    match variables(&text, escape).into_iter().find(|name| gone(name)) {
        Some(name) => Some(Err(name)),
        None => Some(Ok(text)),
    }
}

/// LABEL, EXPOSE and their like may name variables that the final stage does not have: their values take their place.
pub(super) fn carried(
    case: &Case<'_>,
    step: &Step,
    inst: &Instruction,
    read: &[String],
) -> Result<Option<String>, Refusal> {
    let text = case.source.slice(inst.content);
    let gone = |name: &str| is_gone(step, name, read);
    match substitute(text, case.file.escape, step, &gone) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(name)) => Err(refuse(
            "unknown-base",
            inst.content,
            format!("the final stage does not have the variable {name}, and its value cannot be put in its place"),
            "write the value out",
        )),
    }
}

fn is_toolchain(dir: &str) -> bool {
    within(dir, "/go") || within(dir, "/usr/local/go") || dir.ends_with("/go/bin")
}

fn without_toolchain(path: &str) -> String {
    path.split(':').filter(|dir| !is_toolchain(dir)).collect::<Vec<_>>().join(":")
}

/// What is left of the old PATH is there, in its order, and nothing else but directories that every base has: an empty
/// element would be the current directory.
pub(super) fn same_path(before: &str, after: &str) -> Result<(), String> {
    let own = |path: &str| {
        let dirs = path.split(':').filter(|dir| !is_toolchain(dir) && !super::paths::STANDARD_PATH.contains(dir));
        dirs.map(String::from).collect::<Vec<_>>()
    };
    match (own(before), own(after)) {
        (old, new) if old == new => Ok(()),
        (_, new) => Err(format!("PATH has other directories: {}", new.join(":"))),
    }
}

/// A variable that only the builder's base sets.
fn lost(step: &Step, name: &str) -> bool {
    name != "PATH" && step.env.get(name).is_some_and(|variable| variable.origin == crate::model::Origin::Base)
}

/// PATH: toolchain directories are dropped; when nothing else is new the whole pair goes.
fn path_fate(step: &Step, expanded: &str, written: &str) -> Fate {
    let old: Vec<&str> = step.env.value("PATH").unwrap_or("").split(':').collect();
    let new: Vec<&str> = expanded.split(':').filter(|dir| !old.contains(dir) && !is_toolchain(dir)).collect();
    let standard = super::paths::STANDARD_PATH;
    if new.iter().all(|dir| standard.contains(dir) || dir.is_empty()) {
        return Fate::Drop;
    }
    if written.contains("GOPATH")
        || written.contains("GOROOT")
        || expanded.split(':').any(is_toolchain) && !written.contains("$PATH")
    {
        return Fate::Literal(without_toolchain(expanded));
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

/// What the program or a script names of the old base's variables is set again. HOME needs not be named: `os.UserHomeDir`
/// reads it, and so do the modules and the programs that look for files there.
pub(super) fn is_named(parts: &Parts<'_, '_>, name: &str) -> bool {
    name == "HOME" || parts.needs.variables.iter().any(|known| known == name)
}

/// The line that sets them.
pub(super) fn of_old_base_line(parts: &Parts<'_, '_>, style: &Style) -> Option<String> {
    let named = of_old_base(parts).into_iter().filter(|(name, _)| is_named(parts, name));
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
