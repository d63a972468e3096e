//! The tokens of a Go file, and its comments.

use std::borrow::Cow;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    Ident(&'t str),
    /// A string without its quotes.
    Text(Literal<'t>),
    /// One byte, so that an operator of two is two.
    Op(char),
    /// The number 0.
    Zero,
    /// Another number, or a character.
    Other,
}

/// A string as it is written: what its escapes stand for is found out where somebody wants to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Literal<'t> {
    inner: &'t str,
    escapes: bool,
}

impl<'t> Literal<'t> {
    pub(super) fn text(self) -> Cow<'t, str> {
        if self.escapes { unescape(self.inner).into() } else { self.inner.into() }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) line: u32,
}

impl<'t> Token<'t> {
    pub(super) fn is(&self, op: char) -> bool {
        self.kind == Kind::Op(op)
    }

    /// The operator; a blank for anything else.
    pub(super) fn op(&self) -> char {
        match self.kind {
            Kind::Op(op) => op,
            _ => ' ',
        }
    }

    pub(super) fn ident(&self) -> Option<&'t str> {
        match self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }
}

/// What names are made of: letters, digits, `_` and everything that is not ASCII.
static OF_NAME: [bool; 256] = of_name(false);
/// The same with the dot of a number.
static OF_NUMBER: [bool; 256] = of_name(true);

const fn of_name(dot: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric() || byte == b'_' || if dot { byte == b'.' } else { byte >= 0x80 };
        at += 1;
    }
    table
}

/// Where the bytes of the table end that begin before `at`.
fn end_of(bytes: &[u8], mut at: usize, table: &[bool; 256]) -> usize {
    while bytes.get(at).is_some_and(|byte| table[usize::from(*byte)]) {
        at += 1;
    }
    at
}

/// Tokens, and comments with the line on which they begin. Line ends become `;` where Go puts one.
pub(super) fn tokenize(text: &str, head_only: bool) -> (Vec<Token<'_>>, Vec<(&str, u32)>) {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(if head_only { 64 } else { text.len() / 4 + 16 });
    let mut comments = Vec::with_capacity(if head_only { 8 } else { 32 });
    let mut line = 1;
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(byte) = bytes.get(at).copied() {
        let start = at;
        let rest = || bytes.get(start..).unwrap_or_default();
        match byte {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\n' => {
                end_line(&mut tokens, line);
                line += 1;
                at += 1;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                at = end_of(bytes, start + 1, &OF_NAME);
                let name = text.get(start..at).unwrap_or("");
                // Imports stand before every declaration.
                if head_only && matches!(name, "const" | "func" | "type" | "var") {
                    break;
                }
                tokens.push(Token { kind: Kind::Ident(name), line });
            }
            b'/' if bytes.get(start + 1) == Some(&b'/') => {
                at += memchr::memchr(b'\n', rest()).unwrap_or(bytes.len() - start);
                comments.push((text.get(start..at).unwrap_or("").trim_end(), line));
            }
            b'/' if bytes.get(start + 1) == Some(&b'*') => {
                let end = memchr::memmem::find(bytes.get(start + 2..).unwrap_or_default(), b"*/");
                at += end.map_or(bytes.len() - start, |end| end + 4);
                let comment = text.get(start..at).unwrap_or("");
                let lines = memchr::memchr_iter(b'\n', comment.as_bytes()).count() as u32;
                if lines > 0 {
                    end_line(&mut tokens, line);
                }
                comments.push((comment, line));
                line += lines;
            }
            b'`' => {
                let after = bytes.get(start + 1..).unwrap_or_default();
                let end = memchr::memchr(b'`', after).unwrap_or(bytes.len() - start);
                let inner = text.get(start + 1..start + 1 + end).unwrap_or("");
                at += end + 2;
                let lines = memchr::memchr_iter(b'\n', inner.as_bytes()).count() as u32;
                tokens.push(Token { kind: Kind::Text(Literal { inner, escapes: false }), line });
                line += lines;
            }
            b'"' | b'\'' => {
                let (length, escapes) = quoted(rest(), byte);
                at += length;
                let inner = text.get(start + 1..at.saturating_sub(1)).unwrap_or("");
                let kind = if byte == b'"' { Kind::Text(Literal { inner, escapes }) } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            b'0'..=b'9' => {
                at = end_of(bytes, start + 1, &OF_NUMBER);
                let kind = if byte == b'0' && at == start + 1 { Kind::Zero } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            other => {
                at += 1;
                tokens.push(Token { kind: Kind::Op(other as char), line });
            }
        }
    }
    end_line(&mut tokens, line);
    (tokens, comments)
}

/// The semicolon that Go puts at the end of a line behind a name, a literal or a closing bracket.
fn end_line(tokens: &mut Vec<Token<'_>>, line: u32) {
    let ends = tokens.last().is_some_and(|token| match &token.kind {
        Kind::Op(op) => matches!(op, ')' | ']' | '}'),
        _ => true,
    });
    if ends {
        tokens.push(Token { kind: Kind::Op(';'), line });
    }
}

/// Length of a quoted literal with its quotes, and whether it has escapes; one that is not closed ends at its line.
fn quoted(rest: &[u8], quote: u8) -> (usize, bool) {
    let mut at = 1;
    let mut escapes = false;
    while let Some(byte) = rest.get(at).copied() {
        match byte {
            b'\\' => {
                escapes = true;
                at += 1;
            }
            b'\n' => return (at, escapes),
            _ if byte == quote => return (at + 1, escapes),
            _ => {}
        }
        at += 1;
    }
    (rest.len(), escapes)
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(digits @ ('x' | 'u' | 'U')) => {
                let count = match digits {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code: String = rest.by_ref().take(count).collect();
                out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

pub(super) fn ident<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    tokens.get(at).and_then(Token::ident)
}

pub(super) fn is(tokens: &[Token<'_>], at: usize, op: char) -> bool {
    tokens.get(at).is_some_and(|token| token.is(op))
}

/// Where the bracket at `open` is closed.
pub(super) fn closes(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0u32;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.op() {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the bracket is opened that `last` closes, not before `start`.
pub(super) fn opens(tokens: &[Token<'_>], start: usize, last: usize) -> Option<usize> {
    (start..last).find(|at| {
        matches!(tokens.get(*at).map_or(' ', Token::op), '(' | '[' | '{') && closes(tokens, *at) == Some(last)
    })
}

/// What stands between the separators up to the bracket that closes, and where that is.
pub(super) fn split(tokens: &[Token<'_>], from: usize, separator: char) -> (Vec<Range<usize>>, usize) {
    let mut depth = 0u32;
    let mut end = from;
    while let Some(token) = tokens.get(end) {
        match token.op() {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        end += 1;
    }
    let mut found = parts(tokens, from..end, separator);
    // A line end before the bracket.
    for part in &mut found {
        while part.end > part.start && is(tokens, part.end - 1, ';') {
            part.end -= 1;
        }
    }
    found.retain(|part| !part.is_empty());
    (found, end)
}

/// The parts of a range between separators that are in no bracket.
pub(super) fn parts(tokens: &[Token<'_>], range: Range<usize>, separator: char) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0u32, range.start);
    for at in range.clone() {
        match tokens.get(at).map_or(' ', Token::op) {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            op if op == separator && depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(start..range.end);
    found
}

/// `files...` without its dots.
pub(super) fn spread(tokens: &[Token<'_>], range: Range<usize>) -> Range<usize> {
    let dots = range.len() > 3 && (range.end - 3..range.end).all(|at| is(tokens, at, '.'));
    range.start..if dots { range.end - 3 } else { range.end }
}
