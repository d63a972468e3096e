//! Physical lines and the logical lines that continuations join.
//!
//! The rules are those of BuildKit's `parser.Parse`: the first line loses its leading white space, comment lines and
//! blank lines inside a continued instruction are left out, everything else is joined as it stands.

use crate::text::{SourceFile, Span, Text};

use super::Word;

/// BuildKit reads lines with a scanner that refuses longer ones (`bufio.MaxScanTokenSize`).
const MAX_LINE: usize = 64 * 1024;

/// One line of the file. `end` is before the line ending (all trailing `\r` and `\n`), `next` behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Physical {
    pub start: usize,
    pub end: usize,
    pub next: usize,
}

/// Hands out physical lines and remembers the first that is too long for BuildKit.
pub(super) struct Lines<'a> {
    source: &'a SourceFile,
    pub text: &'a str,
    line: usize,
    pub at: usize,
    pub too_long: Option<Span>,
}

impl<'a> Lines<'a> {
    pub fn new(source: &'a SourceFile) -> Lines<'a> {
        Lines { source, text: &source.text, line: 0, at: 0, too_long: None }
    }

    pub fn next(&mut self) -> Option<Physical> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        self.line += 1;
        let next = self.source.line_start(self.line).map_or(self.text.len(), |next| next as usize);
        self.at = next;
        let line = self.text.as_bytes().get(start..next).unwrap_or_default();
        let kept = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
        if next - start >= MAX_LINE
            && self.too_long.is_none()
            && (next - start > MAX_LINE || line.last() != Some(&b'\n'))
        {
            self.too_long = Some(Span::new(start as u32, next as u32));
        }
        Some(Physical { start, end: start + kept, next })
    }
}

/// `str::trim_start` with a short way for spaces and tabs before a visible ASCII character.
pub(super) fn trim_start(text: &str) -> &str {
    let blanks = text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = text.get(blanks..).unwrap_or("");
    match rest.as_bytes().first() {
        Some(b'!'..=b'~') => rest,
        _ => rest.trim_start(),
    }
}

/// Where a piece of a logical line's text stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub text: u32,
    pub file: u32,
}

/// The text of a logical line with the way back to the file. Ranges are offsets into `text`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub text: &'a str,
    /// At least one, ordered.
    pub pieces: &'a [Piece],
}

impl View<'_> {
    #[inline]
    pub fn offset(&self, at: usize) -> u32 {
        if let [piece] = self.pieces {
            return piece.file + at as u32;
        }
        let index = self.pieces.partition_point(|piece| piece.text as usize <= at).saturating_sub(1);
        self.pieces.get(index).map_or(0, |piece| piece.file + (at as u32).saturating_sub(piece.text))
    }

    /// From the first byte to behind the last one, with the continuations and comments that stand between.
    pub fn span(&self, start: usize, end: usize) -> Span {
        if start >= end {
            // At the end of a piece: the place behind its last byte, not the start of the next line.
            let at = if start == 0 { self.offset(0) } else { self.offset(start - 1) + 1 };
            return Span::at(at);
        }
        Span::new(self.offset(start), self.offset(end - 1) + 1)
    }

    pub fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or("")
    }

    pub fn word(&self, start: usize, end: usize) -> Word {
        Word { span: self.span(start, end), text: Text::new(self.slice(start, end)) }
    }
}

/// The buffers of one logical line, used again for each.
#[derive(Default)]
pub(super) struct Logical {
    /// The joined text; empty when the line is not continued.
    joined: String,
    pub pieces: Vec<Piece>,
    /// The file's span of each piece.
    pub spans: Vec<Span>,
    pub comments: Vec<Span>,
    pub continued: bool,
    /// Blank lines stand between the lines of the instruction.
    pub blank_lines: bool,
    first: (usize, usize),
}

impl Logical {
    /// Reads the logical line that begins with `first`, whose content begins at `start` (after leading white space).
    pub fn read(&mut self, lines: &mut Lines<'_>, first: Physical, start: usize, escape: u8) {
        self.pieces.clear();
        self.comments.clear();
        self.spans.clear();
        self.blank_lines = false;
        let bytes = lines.text.as_bytes();
        let end = continued_end(bytes.get(start..first.end).unwrap_or_default(), escape);
        self.continued = end.is_some();
        self.first = (start, end.map_or(first.end, |end| start + end));
        self.pieces.push(Piece { text: 0, file: start as u32 });
        if end.is_none() {
            return;
        }
        self.joined.clear();
        self.push(lines.text, self.first.0, self.first.1);
        while let Some(line) = lines.next() {
            let text = lines.text.get(line.start..line.end).unwrap_or("");
            let content = trim_start(text);
            if content.starts_with('#') {
                self.comments.push(Span::new((line.end - content.len()) as u32, line.end as u32));
                continue;
            }
            if content.is_empty() {
                self.blank_lines = true;
                continue;
            }
            let end = continued_end(text.as_bytes(), escape);
            self.push(lines.text, line.start, end.map_or(line.end, |end| line.start + end));
            if end.is_none() {
                break;
            }
        }
    }

    fn push(&mut self, text: &str, start: usize, end: usize) {
        if start < end {
            if self.joined.is_empty() {
                self.pieces.clear();
            }
            self.pieces.push(Piece { text: self.joined.len() as u32, file: start as u32 });
            self.spans.push(Span::new(start as u32, end as u32));
            self.joined.push_str(text.get(start..end).unwrap_or(""));
        }
    }

    pub fn view<'a>(&'a self, text: &'a str) -> View<'a> {
        let text = match self.continued {
            true => self.joined.as_str(),
            false => text.get(self.first.0..self.first.1).unwrap_or(""),
        };
        View { text, pieces: &self.pieces }
    }
}

/// Where a line's text ends when its last character is the escape character, spaces and tabs behind it apart.
/// An escape character before it takes that meaning away, as does BuildKit's `lineContinuationRegex`.
fn continued_end(line: &[u8], escape: u8) -> Option<usize> {
    let last = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'))?;
    if line.get(last) != Some(&escape) || (last > 0 && line.get(last - 1) == Some(&escape)) {
        return None;
    }
    Some(last)
}
