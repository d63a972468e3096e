//! Text -> commands.

use super::{Dialect, Script};
use crate::syntax::{Command, Instruction};
use crate::text::{MappedText, SourceFile};

/// The script of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD: shell form, exec form (one command) and heredocs.
/// `dialect` is that of the shell in force; a heredoc with its own interpreter or shebang overrides it.
pub fn parse_command(_source: &SourceFile, _instruction: &Instruction, _command: &Command, dialect: Dialect) -> Script {
    Script { commands: Vec::new(), substitutions: Vec::new(), dialect, opaque: None, options: Vec::new() }
}

/// Any shell text, such as a script of the build context; spans lead to where `text` came from.
pub fn parse_text(_text: &MappedText, dialect: Dialect) -> Script {
    Script { commands: Vec::new(), substitutions: Vec::new(), dialect, opaque: None, options: Vec::new() }
}
