//! Shell text as a flat list of commands with byte-exact spans in the Dockerfile.
//!
//! Where the text is not surely understood the script says `opaque`: rules may still report, fixes must not touch it.

mod command;
mod compound;
mod front;
mod outcome;
mod parse;
pub mod shellcheck;
mod state;
mod walk;
mod words;

pub use parse::{CommandText, command_text, parse_command, parse_text};

use std::sync::Arc;

use crate::text::Span;

/// The language of a script. Everything that is not a Bourne shell is opaque and has no commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// sh, dash, ash, ksh.
    Posix,
    Bash,
    PowerShell,
    Cmd,
    /// Another interpreter (`RUN python3 <<EOF`, a shebang).
    Other,
}

/// What one RUN, CMD, ENTRYPOINT or HEALTHCHECK runs.
#[derive(Clone, Debug)]
pub struct Script {
    /// In the order of the text; those of subshells, loops and `sh -c '…'` too, with their depth. Only those of a
    /// heredoc (`bash <<EOF && c`) stand where they run, before the rest of the line.
    pub commands: Vec<ShellCommand>,
    /// Those inside `$(…)`, backticks and `<(…)`. They run while the words of a command are made, so they stand
    /// apart: their spans lie inside that command's.
    pub substitutions: Vec<ShellCommand>,
    pub dialect: Dialect,
    /// Why the script is not fully understood; `None` when it is.
    pub opaque: Option<String>,
    /// Options that the script sets for itself, such as `errexit`, `pipefail`, `xtrace`.
    pub options: Vec<String>,
    /// Functions that it defines whatever happens: a command of that name is no program.
    pub functions: Vec<String>,
}

/// One simple command: `VAR=x name args >out`.
#[derive(Clone, Debug, Default)]
pub struct ShellCommand {
    /// From the first assignment, wrapper or name to the last argument or redirection.
    pub span: Span,
    /// `CGO_ENABLED=0 go build`, also those given to `env`.
    pub assignments: Vec<Assignment>,
    /// `sudo`, `env`, `exec`, `time`, `nice`, … that were looked through. Those around a whole inner script
    /// (`sudo`, `sh` of `sudo sh -c 'a; b'`) stand with its first command, outside of its span.
    pub wrappers: Vec<ShellWord>,
    /// The program: `text` is its last path component (`apt-get` for `/usr/bin/apt-get`). Empty when the command only assigns.
    pub name: ShellWord,
    pub args: Vec<ShellWord>,
    pub redirects: Vec<Redirect>,
    /// Of the groups, loops and `sh -c` around it: `{ a; b; } > file`.
    pub outer_redirects: Arc<Vec<Redirect>>,
    /// What the script exported before, or `env` and assignments set around a `sh -c`; the last one of a name wins.
    /// A value that is not known is not literal.
    pub env: Arc<Vec<Assignment>>,
    /// How it follows the command before it.
    pub joiner: Joiner,
    /// 0 at the top, +1 in each subshell, group, loop, branch, function or `sh -c`.
    pub depth: u8,
    /// Runs only perhaps, or more than once: in `if`, `for`, `while`, `case`, a function, or after `||`.
    pub conditional: bool,
    /// The directory in force: "" for the step's own, relative to it, or absolute; `None` when it is not known.
    pub dir: Option<String>,
    /// Not fully understood (a glob as the name, an unresolved variable as the name): fixes must not touch it.
    pub opaque: bool,
    /// `! command`: it succeeds when the command fails.
    pub negated: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellWord {
    pub span: Span,
    /// Without quotes; variables that the script itself sets to known text are put in, others stay as written.
    pub text: String,
    /// No expansion, glob or substitution is left in `text`, and the span is this word's alone: the fields of one
    /// split variable (`P="a b"; apk add $P`) share a span and are not literal.
    pub literal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub span: Span,
    pub name: String,
    pub value: ShellWord,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub span: Span,
    /// `>`, `>>`, `<`, `2>`, `&>`, `<<`, …
    pub operator: String,
    /// The delimiter of a heredoc.
    pub target: ShellWord,
    /// The lines of a heredoc, without that of the delimiter.
    pub body: Option<Span>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joiner {
    #[default]
    Start,
    And,
    Or,
    Semi,
    Pipe,
    Newline,
    Background,
}

impl ShellCommand {
    /// What the script set the variable to for this command: before its name, or exported earlier.
    pub fn variable(&self, name: &str) -> Option<&ShellWord> {
        let mut entries = self.env.iter().chain(&self.assignments);
        entries.rfind(|entry| entry.name == name).map(|entry| &entry.value)
    }

    /// True when one of the flags is among the arguments, alone or as `--flag=value`.
    pub fn has_flag(&self, flags: &[&str]) -> bool {
        self.args.iter().any(|arg| {
            flags.iter().any(|flag| {
                arg.text == *flag || (arg.text.starts_with(flag) && arg.text.as_bytes().get(flag.len()) == Some(&b'='))
            })
        })
    }

    /// True when the letter is in a bundle of short flags: `-y` in `-qy`.
    pub fn has_short(&self, letter: char) -> bool {
        self.args
            .iter()
            .any(|arg| arg.text.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains(letter)))
    }

    /// The first argument that is no flag, when it is `name`: `install` in `apt-get -y install curl`.
    pub fn subcommand(&self, name: &str) -> Option<&ShellWord> {
        self.args.iter().find(|arg| !arg.text.starts_with('-')).filter(|arg| arg.text == name)
    }

    /// The value of `flag value`, `flag=value`.
    pub fn flag_value(&self, flag: &str) -> Option<String> {
        for (index, arg) in self.args.iter().enumerate() {
            if arg.text == flag {
                return self.args.get(index + 1).map(|value| value.text.clone());
            }
            if let Some(rest) = arg.text.strip_prefix(flag)
                && let Some(value) = rest.strip_prefix('=')
            {
                return Some(value.to_string());
            }
        }
        None
    }
}
