//! `[registry/]repository[:tag][@digest]`, each part with its span; parts may hold variables.

use super::Word;
use crate::text::Span;

/// An image reference as written. `FROM $SERVER:8099/x:1.0` has registry `$SERVER:8099`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageRef {
    pub span: Span,
    pub text: String,
    /// Host with port, without the slash.
    pub registry: Option<Word>,
    pub repository: Word,
    pub tag: Option<Word>,
    pub digest: Option<Word>,
}
