//! ARG and ENV scopes and BuildKit's expansion of `$NAME`, `${NAME:-word}`, …

use std::collections::BTreeMap;

use crate::syntax::InstId;

/// The variables in force, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    vars: BTreeMap<String, Variable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Expanded; `None` when it is declared but its value is not known (`ARG NAME` without a default).
    pub value: Option<String>,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An ENV instruction: part of the image config.
    Env(InstId),
    /// An ARG instruction of the stage.
    Arg(InstId),
    /// ENV of the base image, from the table.
    Base,
    /// Predefined: proxies, TARGETPLATFORM and its family.
    Predefined,
}

impl Env {
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.vars.get(name)
    }

    /// The value, where it is known.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.vars.get(name)?.value.as_deref()
    }

    pub fn set(&mut self, name: impl Into<String>, variable: Variable) {
        self.vars.insert(name.into(), variable);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.vars.iter().map(|(name, variable)| (name.as_str(), variable))
    }
}

/// Expands a word as BuildKit does (quotes and escapes removed). `Err` names the variable that has no known value.
pub fn expand(_word: &str, _escape: char, _env: &Env) -> Result<String, String> {
    Err(String::new())
}
