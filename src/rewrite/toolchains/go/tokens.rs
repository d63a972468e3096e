//! The tokens of a Go file, and its comments.

use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    Ident(&'t str),
    Text(Cow<'t, str>),
    Op(char),
    /// The number 0.
    Zero,
    /// Another number, or a character.
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) line: u32,
}

impl<'t> Token<'t> {
    pub(super) fn is(&self, op: char) -> bool {
        self.kind == Kind::Op(op)
    }

    pub(super) fn ident(&self) -> Option<&'t str> {
        match self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }
}

/// Tokens, and comments with the line on which they begin. Line ends become `;` where Go puts one.
pub(super) fn tokenize(text: &str, head_only: bool) -> (Vec<Token<'_>>, Vec<(&str, u32)>) {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(if head_only { 32 } else { text.len() / 5 });
    let mut comments = Vec::new();
    let mut line = 1;
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(byte) = bytes.get(at).copied() {
        let rest = bytes.get(at..).unwrap_or_default();
        let start = at;
        match byte {
            b'\n' => {
                end_line(&mut tokens, line);
                line += 1;
                at += 1;
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'/' if rest.starts_with(b"//") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                comments.push((text.get(start..at).unwrap_or("").trim_end(), line));
            }
            b'/' if rest.starts_with(b"/*") => {
                let end = memchr::memmem::find(rest.get(2..).unwrap_or_default(), b"*/");
                at += end.map_or(rest.len(), |end| end + 4);
                let comment = text.get(start..at).unwrap_or("");
                let lines = memchr::memchr_iter(b'\n', comment.as_bytes()).count() as u32;
                if lines > 0 {
                    end_line(&mut tokens, line);
                }
                comments.push((comment, line));
                line += lines;
            }
            b'`' => {
                let end = memchr::memchr(b'`', rest.get(1..).unwrap_or_default()).unwrap_or(rest.len());
                let inner = text.get(start + 1..start + 1 + end).unwrap_or("");
                at += end + 2;
                let lines = inner.matches('\n').count() as u32;
                tokens.push(Token { kind: Kind::Text(inner.into()), line });
                line += lines;
            }
            b'"' | b'\'' => {
                let end = quoted(rest, byte);
                at += end;
                let inner = text.get(start + 1..at.saturating_sub(1)).unwrap_or("");
                let kind = if byte == b'"' { Kind::Text(unescape(inner)) } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            b'0'..=b'9' => {
                at += rest.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(**c, b'_' | b'.')).count();
                let kind = if text.get(start..at) == Some("0") { Kind::Zero } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                at += rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_' || **c >= 0x80).count();
                let name = text.get(start..at).unwrap_or("");
                // Imports stand before every declaration.
                if head_only && matches!(name, "const" | "func" | "type" | "var") {
                    break;
                }
                tokens.push(Token { kind: Kind::Ident(name), line });
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

/// Length of a quoted literal with its quotes; one that is not closed ends at its line.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at).copied() {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return text.into();
    }
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
    out.into()
}
