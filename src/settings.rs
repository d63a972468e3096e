//! What a run was asked to do: resolved, plain, no files and no options left open.

use std::collections::BTreeMap;

use crate::diagnostic::Severity;
use crate::model::ModelOptions;

/// Everything that `check` needs to know beside the file and its build context.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which rules run; `None`: the default set.
    pub select: Option<Vec<&'static str>>,
    pub ignore: Vec<&'static str>,
    /// Severities that the user changed, by slug.
    pub severities: BTreeMap<&'static str, Severity>,
    pub model: ModelOptions,
    pub rewrite: RewriteOptions,
    /// Ignore comments are not honoured.
    pub disable_ignores: bool,
}

/// What the user wants of the rewriter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewriteOptions {
    pub base: BaseWish,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseWish {
    /// The smallest tier that is proved, distroless at the least.
    #[default]
    Auto,
    Static,
    Scratch,
    SameDistro,
}
