//! Logical line -> instruction.

use super::{Dockerfile, Instruction};
use crate::text::{MappedText, SourceFile, Span};

pub fn parse(_source: &SourceFile) -> Dockerfile {
    Dockerfile::default()
}

/// The text that the shell gets for a shell-form command: `span` without continuations and comment lines.
pub fn shell_text(_source: &SourceFile, _instruction: &Instruction, _span: Span) -> MappedText {
    MappedText::default()
}
