//! The file as a flat list of tokens whose spans cover it without gaps: what an editor colours.

use super::{Body, Command, Dockerfile, ImageRef, Instruction, Item, KeyValue, Word};
use crate::text::{SourceFile, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space, line endings, a byte order mark.
    Blank,
    Comment,
    /// The escape character with the line ending behind it.
    Continuation,
    DirectiveName,
    DirectiveValue,
    /// An instruction's name; also `AS`, `CMD` and `NONE`.
    Keyword,
    /// With its dashes.
    FlagName,
    /// A flag's value, or the value of a field of `--mount`.
    FlagValue,
    /// The key of a field of `--mount`.
    FieldName,
    /// An image's host and repository.
    Image,
    Tag,
    Digest,
    StageName,
    /// The name of an ENV, ARG or LABEL.
    Name,
    Value,
    /// A path, port, user, signal, …
    Word,
    /// A JSON string.
    JsonString,
    /// A piece of a shell command on one line.
    Shell,
    HeredocMarker,
    HeredocBody,
    HeredocEnd,
    /// `=`, `:`, `,`, brackets, quotes between the parts above.
    Punctuation,
    /// What could not be read.
    Invalid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

pub fn tokens(file: &Dockerfile, source: &SourceFile) -> Vec<Token> {
    let mut out = Out { source, escape: file.escape, tokens: Vec::new(), at: 0 };
    for item in &file.items {
        match item {
            Item::Blank(_) => {}
            Item::Comment(span) => out.leaf(comment(source, *span), TokenKind::Comment),
            Item::Directive(directive) => {
                out.leaf(directive.name.span, TokenKind::DirectiveName);
                out.leaf(directive.value.span, TokenKind::DirectiveValue);
            }
            Item::Instruction(instruction) => out.instruction(instruction),
        }
        out.fill(item.span().end);
    }
    out.tokens
}

/// A comment's line from the `#` to before the line ending.
fn comment(source: &SourceFile, line: Span) -> Span {
    let text = source.slice(line);
    let start = text.find('#').unwrap_or(0);
    let end = text.trim_end_matches(['\r', '\n']).len().max(start);
    Span::new(line.start + start as u32, line.start + end as u32)
}

struct Out<'a> {
    source: &'a SourceFile,
    escape: char,
    tokens: Vec<Token>,
    at: u32,
}

impl Out<'_> {
    fn push(&mut self, end: u32, kind: TokenKind) {
        if self.at < end {
            self.tokens.push(Token { kind, span: Span::new(self.at, end) });
            self.at = end;
        }
    }

    /// A token of the tree; what stands before it is filled in. What overlaps an earlier token is left to that one.
    fn leaf(&mut self, span: Span, kind: TokenKind) {
        if span.start >= self.at && !span.is_empty() {
            self.fill(span.start);
            self.push(span.end, kind);
        }
    }

    /// Names what stands between the tokens of the tree.
    fn fill(&mut self, end: u32) {
        while self.at < end {
            let text = self.source.slice(Span::new(self.at, end));
            let is_blank = |ch: char| ch.is_whitespace() || ch == '\u{feff}';
            let blanks = text.len() - text.trim_start_matches(is_blank).len();
            if blanks > 0 {
                self.push(self.at + blanks as u32, TokenKind::Blank);
                continue;
            }
            if let Some(rest) = text.strip_prefix(self.escape) {
                let line = rest.trim_start_matches([' ', '\t', '\r']);
                if line.is_empty() || line.starts_with('\n') {
                    let length = text.len() - line.len() + usize::from(!line.is_empty());
                    self.push(self.at + length as u32, TokenKind::Continuation);
                    continue;
                }
            }
            let letters = text.find(|ch: char| !ch.is_ascii_alphabetic()).unwrap_or(text.len());
            if letters > 0 {
                let is_as = text.get(..letters).is_some_and(|word| word.eq_ignore_ascii_case("as"));
                self.push(self.at + letters as u32, if is_as { TokenKind::Keyword } else { TokenKind::Invalid });
                continue;
            }
            let length = text.chars().next().map_or(1, char::len_utf8);
            let ascii = text.starts_with(|ch: char| ch.is_ascii_punctuation());
            self.push(self.at + length as u32, if ascii { TokenKind::Punctuation } else { TokenKind::Invalid });
        }
    }

    fn instruction(&mut self, instruction: &Instruction) {
        let mut leaves = Vec::new();
        collect(instruction, &mut leaves);
        let mut parts: Leaves = instruction.comments.iter().map(|span| (*span, TokenKind::Comment)).collect();
        for (span, kind) in leaves {
            let whole_lines = matches!(kind, TokenKind::HeredocBody | TokenKind::HeredocEnd);
            if whole_lines || instruction.pieces.is_empty() {
                parts.push((span, kind));
                continue;
            }
            // A token that goes on over a continuation becomes one token per line.
            let first = instruction.pieces.partition_point(|piece| piece.end <= span.start);
            for piece in instruction.pieces.iter().skip(first).take_while(|piece| piece.start < span.end) {
                parts.push((Span::new(piece.start.max(span.start), piece.end.min(span.end)), kind));
            }
        }
        // A source of COPY that is a heredoc stands there twice; the marker goes first and so wins.
        parts.sort_by_key(|(span, kind)| (span.start, *kind != TokenKind::HeredocMarker));
        for (span, kind) in parts {
            self.leaf(span, kind);
        }
    }
}

type Leaves = Vec<(Span, TokenKind)>;

fn words(list: &[Word], json: bool, out: &mut Leaves) {
    let kind = if json { TokenKind::JsonString } else { TokenKind::Word };
    out.extend(list.iter().map(|word| (word.span, kind)));
}

fn pairs(list: &[KeyValue], out: &mut Leaves) {
    for pair in list {
        out.push((pair.key.span, TokenKind::Name));
        out.extend(pair.value.iter().map(|value| (value.span, TokenKind::Value)));
    }
}

/// Shell text without the heredoc markers in it.
fn command(instruction: &Instruction, command: &Command, out: &mut Leaves) {
    match command {
        Command::Shell(span) => {
            let mut at = span.start;
            for marker in instruction.heredocs.iter().map(|heredoc| heredoc.marker) {
                out.push((Span::new(at.min(marker.start), marker.start), TokenKind::Shell));
                at = marker.end;
            }
            out.push((Span::new(at.min(span.end), span.end), TokenKind::Shell));
        }
        Command::Exec { words: list, .. } => words(list, true, out),
    }
}

fn image(image: &ImageRef, out: &mut Leaves) {
    out.extend(image.registry.iter().map(|word| (word.span, TokenKind::Image)));
    out.push((image.repository.span, TokenKind::Image));
    out.extend(image.tag.iter().map(|word| (word.span, TokenKind::Tag)));
    out.extend(image.digest.iter().map(|word| (word.span, TokenKind::Digest)));
}

/// The parts of an instruction that the tree knows.
fn collect(instruction: &Instruction, out: &mut Leaves) {
    out.push((instruction.name.span, TokenKind::Keyword));
    for flag in &instruction.flags {
        out.push((Span::new(flag.span.start, flag.name.span.end), TokenKind::FlagName));
        match (flag.fields.is_empty(), &flag.value) {
            (true, Some(value)) => out.push((value.span, TokenKind::FlagValue)),
            _ => {
                for field in &flag.fields {
                    out.push((field.key.span, TokenKind::FieldName));
                    out.extend(field.value.iter().map(|value| (value.span, TokenKind::FlagValue)));
                }
            }
        }
    }
    match &instruction.body {
        Body::From { image: reference, alias } => {
            image(reference, out);
            out.extend(alias.iter().map(|alias| (alias.span, TokenKind::StageName)));
        }
        Body::Run(form) | Body::Cmd(form) | Body::Entrypoint(form) => command(instruction, form, out),
        Body::Shell(list) => words(list, true, out),
        Body::Copy(transfer) | Body::Add(transfer) => {
            words(&transfer.sources, transfer.json, out);
            words(std::slice::from_ref(&transfer.dest), transfer.json, out);
        }
        Body::Env(list) | Body::Label(list) => pairs(&list.pairs, out),
        Body::Arg(list) => pairs(list, out),
        Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) | Body::Maintainer(word) => {
            out.push((word.span, TokenKind::Word));
        }
        Body::Expose(list) => words(list, false, out),
        Body::Volume { paths, json } => words(paths, *json, out),
        Body::HealthcheckNone(word) => out.push((word.span, TokenKind::Keyword)),
        Body::HealthcheckCmd { cmd, command: form } => {
            out.push((cmd.span, TokenKind::Keyword));
            command(instruction, form, out);
        }
        Body::Onbuild(inner) => {
            collect(inner, out);
            // The heredocs are those of the outer instruction too.
            return;
        }
        Body::Invalid => out.push((instruction.args, TokenKind::Invalid)),
    }
    for heredoc in &instruction.heredocs {
        out.push((heredoc.marker, TokenKind::HeredocMarker));
        out.push((heredoc.body, TokenKind::HeredocBody));
        out.push((heredoc.end, TokenKind::HeredocEnd));
    }
}
