//! The file as a list of items: parser directives, comments, blank lines, instructions with their heredoc bodies.

use super::heredoc;
use super::instruction::{Reader, keyword};
use super::lines::{Lines, Logical, Physical, trim_start};
use super::{Directive, Dockerfile, Heredoc, Instruction, Item, Keyword, SyntaxError, Word};
use crate::text::{MappedText, SourceFile, Span, Text};

/// Reads a file. What is wrong stands in `errors`; every byte is in one of the items.
pub fn parse(source: &SourceFile) -> Dockerfile {
    let mut parser = Parser {
        lines: Lines::new(source),
        logical: Logical::default(),
        words: Vec::new(),
        file: Dockerfile { items: Vec::with_capacity(4 + source.line_count() / 2), errors: Vec::new(), escape: '\\' },
        directives_open: true,
        has_stage: false,
        told_no_stage: false,
    };
    while let Some(line) = parser.lines.next() {
        parser.line(line);
    }
    parser.finish()
}

/// The text that the shell gets for a shell-form command: `span` without continuations and comment lines.
pub fn shell_text(source: &SourceFile, instruction: &Instruction, span: Span) -> MappedText {
    let mut mapped = MappedText::default();
    if instruction.pieces.is_empty() {
        mapped.push(source, span);
    }
    let first = instruction.pieces.partition_point(|piece| piece.end <= span.start);
    for piece in instruction.pieces.iter().skip(first).take_while(|piece| piece.start < span.end) {
        mapped.push(source, Span::new(piece.start.max(span.start), piece.end.min(span.end)));
    }
    mapped
}

struct Parser<'a> {
    lines: Lines<'a>,
    logical: Logical,
    words: Vec<(usize, usize)>,
    file: Dockerfile,
    /// Parser directives may still come: only directives were seen so far.
    directives_open: bool,
    has_stage: bool,
    told_no_stage: bool,
}

const BOM: &str = "\u{feff}";

impl Parser<'_> {
    fn line(&mut self, line: Physical) {
        let span = Span::new(line.start as u32, line.next as u32);
        let mut text = self.lines.text.get(line.start..line.end).unwrap_or("");
        if line.start == 0 {
            text = text.strip_prefix(BOM).unwrap_or(text);
        }
        let content = trim_start(text);
        let start = line.end - content.len();
        if content.starts_with('#') {
            let directive = if self.directives_open { self.directive(content, start, span) } else { None };
            self.file.items.push(match directive {
                Some(directive) => Item::Directive(directive),
                None => Item::Comment(span),
            });
            return;
        }
        self.directives_open = false;
        if !content.is_empty() {
            return self.instruction(line, start);
        }
        match self.file.items.last_mut() {
            Some(Item::Blank(before)) => before.end = span.end,
            _ => self.file.items.push(Item::Blank(span)),
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.file.errors.push(SyntaxError { span, message: message.into() });
    }

    /// `# name = value` with a known name. The first line that is none ends the time for directives.
    fn directive(&mut self, content: &str, start: usize, span: Span) -> Option<Directive> {
        let blanks = ['\t', '\n', '\u{c}', '\r', ' '];
        self.directives_open = false;
        let text = content.strip_prefix('#')?.trim_start();
        let end = start + content.len();
        let name_at = end - text.len();
        let length = text.find(|ch: char| !ch.is_ascii_alphanumeric()).unwrap_or(text.len());
        let name = text.get(..length).filter(|name| name.starts_with(|ch: char| ch.is_ascii_alphabetic()))?;
        let rest = text.get(length..)?.trim_start_matches(blanks).strip_prefix('=')?;
        if rest.is_empty() {
            return None;
        }
        // A value of nothing but blanks is its last blank: so do BuildKit's regular expressions have it.
        let mut value = rest.trim_matches(blanks);
        let mut value_at = end - rest.trim_start_matches(blanks).len();
        if value.is_empty() {
            value = rest.get(rest.len() - 1..).unwrap_or("");
            value_at = end - value.len();
        }
        let lower = name.to_ascii_lowercase();
        if !matches!(lower.as_str(), "syntax" | "escape" | "check") {
            return None;
        }
        self.directives_open = true;
        let word = |at: usize, text: &str| Word {
            span: Span::new(at as u32, (at + text.len()) as u32),
            text: Text::new(text),
        };
        let directive = Directive { span, name: word(name_at, name), value: word(value_at, value) };
        if self.file.directive(&lower).is_some() {
            self.error(directive.name.span, format!("the parser directive {lower} stands here twice"));
            return None;
        }
        if lower == "escape" {
            match value {
                "\\" | "`" => self.file.escape = if value == "`" { '`' } else { '\\' },
                _ => self.error(directive.value.span, format!("the escape character is \\ or `, not {value:?}")),
            }
        }
        Some(directive)
    }

    fn instruction(&mut self, line: Physical, start: usize) {
        let text = self.lines.text;
        let escape = self.file.escape;
        self.logical.read(&mut self.lines, line, start, escape as u8);
        let view = self.logical.view(text);
        let mut reader = Reader { view, escape, errors: &mut self.file.errors, words: &mut self.words, trigger: false };
        let mut instruction = reader.read((0, view.text.len()));
        let may_hold_heredocs = instruction.may_hold_heredocs();
        let markers = match may_hold_heredocs && has_double_less(view.text) {
            true => heredoc::markers(view.text),
            false => Ok(Vec::new()),
        };
        match markers {
            Ok(markers) => {
                for marker in markers {
                    let place = view.span(marker.start, marker.end);
                    let heredoc = read_body(&mut self.lines, marker, place, &mut self.file.errors);
                    instruction.content.end = heredoc.end.end.max(instruction.content.end);
                    instruction.heredocs.push(heredoc);
                }
            }
            Err((start, end)) => {
                let message = "the delimiter of the heredoc cannot be read".to_string();
                self.file.errors.push(SyntaxError { span: view.span(start, end), message });
            }
        }
        instruction.span = Span::new(line.start as u32, self.lines.at as u32);
        if self.logical.continued {
            instruction.pieces = self.logical.spans.clone();
            instruction.comments = self.logical.comments.clone();
        }
        instruction.finish_trigger();
        self.stage(&instruction);
        self.file.items.push(Item::Instruction(instruction));
    }

    /// Only ARG may stand before the first FROM.
    fn stage(&mut self, instruction: &Instruction) {
        match instruction.keyword {
            Keyword::From => self.has_stage = true,
            Keyword::Arg | Keyword::Unknown => {}
            _ if self.has_stage || self.told_no_stage => {}
            _ => {
                self.told_no_stage = true;
                self.error(
                    instruction.name.span,
                    format!("{} stands before the first FROM", keyword::name(instruction.keyword)),
                );
            }
        }
    }

    fn finish(mut self) -> Dockerfile {
        if let Some(span) = self.lines.too_long {
            self.error(span, "the line is longer than 65535 bytes, BuildKit does not read it");
        }
        if !self.has_stage && !self.told_no_stage {
            let end = self.lines.at as u32;
            let empty = self.file.instructions().next().is_none();
            self.error(Span::at(end), if empty { "the file has no instructions" } else { "the file has no FROM" });
        }
        self.file.errors.sort_by_key(|error| error.span.start);
        self.file
    }
}

fn has_double_less(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| bytes.get(at + 1) == Some(&b'<'))
}

/// The lines up to the delimiter. Without one the rest of the file is the body, as an unfinished heredoc of a shell.
fn read_body(lines: &mut Lines<'_>, marker: heredoc::Marker, place: Span, errors: &mut Vec<SyntaxError>) -> Heredoc {
    let from = lines.at as u32;
    let mut body = Span::at(from);
    let mut end = None;
    while let Some(line) = lines.next() {
        let text = lines.text.get(line.start..line.end).unwrap_or("");
        let text = if marker.strip_tabs { text.trim_start_matches('\t') } else { text };
        if text == marker.name {
            end = Some(Span::new(line.start as u32, line.end as u32));
            break;
        }
        body.end = line.next as u32;
    }
    if end.is_none() {
        let message = format!("the heredoc has no end: a line with {:?} is missing", marker.name);
        errors.push(SyntaxError { span: place, message });
    }
    Heredoc {
        marker: place,
        name: marker.name,
        expand: marker.expand,
        strip_tabs: marker.strip_tabs,
        body,
        end: end.unwrap_or(Span::at(body.end)),
    }
}
