//! The lossless tree of a Dockerfile, as BuildKit reads the language, and its parser.
//!
//! Parsing never fails: what is wrong becomes an error with a span, and the rest is read as if it had been right.
//! The spans of the items cover the file without gaps, so printing them gives the file back.

mod checks;
mod heredoc;
pub mod image_ref;
mod instruction;
mod lines;
mod parse;
mod tokens;
mod words;

pub use image_ref::ImageRef;
pub use parse::{parse, shell_text};
pub use tokens::{Token, TokenKind, tokens};

use crate::text::{SourceFile, Span, Text};

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// In file order and without gaps.
    pub items: Vec<Item>,
    pub errors: Vec<SyntaxError>,
    /// The escape character in force: `\` or a backtick.
    pub escape: char,
}

/// Index into `Dockerfile::items`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstId(pub u32);

/// One or more whole physical lines with their line endings.
#[derive(Clone, Debug)]
pub enum Item {
    Blank(Span),
    Comment(Span),
    Directive(Directive),
    Instruction(Box<Instruction>),
}

/// A parser directive at the top of the file: `# syntax=`, `# escape=`, `# check=`.
#[derive(Clone, Debug)]
pub struct Directive {
    pub span: Span,
    /// As written; compare without case.
    pub name: Word,
    pub value: Word,
}

#[derive(Clone, Debug)]
pub struct SyntaxError {
    pub span: Span,
    pub message: String,
}

/// A token with its text: continuations removed, quotes and escapes as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub span: Span,
    pub text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Instruction {
    /// Whole lines: from the first byte of the first line to behind the last line ending, heredocs included.
    pub span: Span,
    /// From the keyword to the last byte that is not white space, heredoc bodies included.
    pub content: Span,
    /// The keyword as written.
    pub name: Word,
    pub keyword: Keyword,
    pub flags: Vec<Flag>,
    /// What follows the flags, up to the end of the logical line (before heredoc bodies), without outer blanks.
    pub args: Span,
    pub body: Body,
    pub heredocs: Vec<Heredoc>,
    /// Comment lines between the lines of a continued instruction, from their `#`, without their line endings.
    pub comments: Vec<Span>,
    /// Of a continued instruction: what each line gives to the logical line, without escape character and line ending.
    /// Empty when the logical line is one line of the file. `shell_text` puts them together.
    pub pieces: Vec<Span>,
}

/// `--name`, `--name=value` or `--mount=key=value,key`.
#[derive(Clone, Debug)]
pub struct Flag {
    pub span: Span,
    /// Without the dashes.
    pub name: Word,
    /// Quotes and escapes are taken off, as BuildKit does before it reads the flag.
    pub value: Option<Word>,
    /// The comma-separated parts of a `--mount` value; empty for other flags.
    pub fields: Vec<FlagField>,
}

#[derive(Clone, Debug)]
pub struct FlagField {
    pub span: Span,
    pub key: Word,
    pub value: Option<Word>,
}

#[derive(Clone, Debug)]
pub enum Body {
    From {
        image: ImageRef,
        alias: Option<Word>,
    },
    Run(Command),
    Cmd(Command),
    Entrypoint(Command),
    /// The exec form of SHELL.
    Shell(Vec<Word>),
    Copy(Transfer),
    Add(Transfer),
    Env(Pairs),
    Label(Pairs),
    /// ARG NAME or NAME=value; several may stand in one instruction.
    Arg(Vec<KeyValue>),
    Workdir(Word),
    User(Word),
    Expose(Vec<Word>),
    Volume {
        paths: Vec<Word>,
        json: bool,
    },
    StopSignal(Word),
    Maintainer(Word),
    HealthcheckNone(Word),
    HealthcheckCmd {
        cmd: Word,
        command: Command,
    },
    /// The instruction that is run later; its spans are those of this file. It has the heredocs too.
    /// BuildKit checks it only when it is triggered, so its body may be `Invalid` without an error.
    Onbuild(Box<Instruction>),
    /// An unknown keyword, or arguments that cannot be read; the error is in `Dockerfile::errors`.
    Invalid,
}

/// What RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD run.
#[derive(Clone, Debug)]
pub enum Command {
    /// Shell form; its text without continuations and comments is made by `shell_text`.
    Shell(Span),
    /// Exec form: the JSON strings, unescaped; spans are those of the strings with their quotes.
    Exec { span: Span, words: Vec<Word> },
}

/// The sources and the destination of COPY and ADD. A heredoc source is its marker (`<<EOF`).
#[derive(Clone, Debug)]
pub struct Transfer {
    pub sources: Vec<Word>,
    pub dest: Word,
    pub json: bool,
}

/// The pairs of ENV or LABEL.
#[derive(Clone, Debug)]
pub struct Pairs {
    pub pairs: Vec<KeyValue>,
    /// `ENV name value` without `=`: the rest of the line is the value.
    pub legacy: bool,
}

#[derive(Clone, Debug)]
pub struct KeyValue {
    pub span: Span,
    pub key: Word,
    /// With its quotes; `None` for `ARG NAME`.
    pub value: Option<Word>,
}

#[derive(Clone, Debug)]
pub struct Heredoc {
    /// `<<EOF`, `<<-"EOF"`, `3<<EOF`.
    pub marker: Span,
    /// The delimiter, unquoted.
    pub name: String,
    /// Variables in the body are expanded: the delimiter is not quoted.
    pub expand: bool,
    /// `<<-`: leading tabs of the body and of the delimiter's line are removed.
    pub strip_tabs: bool,
    /// The lines of the body, without the line of the delimiter.
    pub body: Span,
    /// The line of the delimiter without its line ending; empty at the end of the file where it is missing.
    pub end: Span,
}

impl Item {
    pub fn span(&self) -> Span {
        match self {
            Item::Blank(span) | Item::Comment(span) => *span,
            Item::Directive(directive) => directive.span,
            Item::Instruction(instruction) => instruction.span,
        }
    }

    pub fn instruction(&self) -> Option<&Instruction> {
        match self {
            Item::Instruction(instruction) => Some(instruction),
            _ => None,
        }
    }
}

impl Dockerfile {
    /// The instruction that holds the offset.
    pub fn at(&self, offset: u32) -> Option<InstId> {
        self.instructions().find(|(_, inst)| (inst.span.start..inst.span.end).contains(&offset)).map(|(id, _)| id)
    }

    pub fn get(&self, id: InstId) -> Option<&Instruction> {
        self.items.get(id.0 as usize).and_then(Item::instruction)
    }

    /// All instructions in file order.
    pub fn instructions(&self) -> impl Iterator<Item = (InstId, &Instruction)> {
        self.items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| item.instruction().map(|inst| (InstId(index as u32), inst)))
    }

    /// The value of a parser directive, by lower-case name.
    pub fn directive(&self, name: &str) -> Option<&Word> {
        self.items.iter().find_map(|item| match item {
            Item::Directive(directive) if directive.name.text.eq_ignore_ascii_case(name) => Some(&directive.value),
            _ => None,
        })
    }

    /// The file's bytes, put together from the items.
    pub fn print(&self, source: &SourceFile) -> Vec<u8> {
        self.items.iter().flat_map(|item| source.bytes(item.span()).into_owned()).collect()
    }
}

impl Instruction {
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name.text == name)
    }

    pub fn command(&self) -> Option<&Command> {
        match &self.body {
            Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => Some(command),
            Body::HealthcheckCmd { command, .. } => Some(command),
            _ => None,
        }
    }

    pub fn transfer(&self) -> Option<&Transfer> {
        match &self.body {
            Body::Copy(transfer) | Body::Add(transfer) => Some(transfer),
            _ => None,
        }
    }
}

impl Flag {
    /// The value of `key=value` inside `--mount`.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.key.text == key)?.value.as_ref().map(|value| value.text.as_str())
    }
}
