//! Package-manager calls, through one table.

use crate::text::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manager {
    Apt,
    Apk,
    Dnf,
    Yum,
    Microdnf,
    Zypper,
    Pip,
    Npm,
    Yarn,
    Pnpm,
    Gem,
    Go,
    Cargo,
}

/// One `apt-get install curl git`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    pub manager: Manager,
    /// Index into the commands of the step's script.
    pub command: usize,
    /// The subcommand, such as `install` or `add`.
    pub verb: Span,
    pub packages: Vec<Package>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub span: Span,
    /// Without version, suite and architecture.
    pub name: String,
    pub version: Option<String>,
    /// No variable or glob in it.
    pub literal: bool,
}
