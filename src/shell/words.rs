//! Words: from the parser's parts to text without quotes, with the way back to the file where it is wanted.
//!
//! The parser gives the extent of each part; the text is read from the source itself, so that nothing depends on
//! how the parser cooks escapes.

use std::ops::Range;

use shuck_ast::{BourneParameterExpansion, ParameterOp, StmtSeq, Word, WordPart, WordPartNode};

use super::state::State;
use super::{Dialect, ShellWord};
use crate::text::{MappedText, Span};

/// Text of a script that a quoted word or a heredoc holds: `sh -c '…'`.
#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    pub text: MappedText,
    /// Where the outer shell puts in something that is not known.
    pub holes: Vec<Range<usize>>,
}

/// Where a word stands: that decides what is expanded in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A command's name or argument.
    Argument,
    /// Neither globs nor braces: the value of an assignment, the inside of `[[ ]]`.
    Value,
}

pub(super) struct Decoder<'a> {
    pub text: &'a MappedText,
    pub holes: &'a [Range<usize>],
    pub dialect: Dialect,
    pub state: &'a State,
}

pub(super) struct Decoded<'a> {
    pub word: ShellWord,
    /// The fields of a word that is one split variable, when they are not exactly one.
    pub fields: Option<Vec<String>>,
    pub substitutions: Vec<&'a StmtSeq>,
}

struct Sink<'a> {
    source: &'a MappedText,
    text: String,
    literal: bool,
    /// A variable with known text was split: what stands in `text` is not what the command gets.
    split: bool,
    inner: Option<Inner>,
}

impl Sink<'_> {
    fn copy(&mut self, range: Range<usize>) {
        self.text.push_str(self.source.text.get(range.clone()).unwrap_or(""));
        if let Some(inner) = &mut self.inner {
            inner.text.push_mapped(self.source, range);
        }
    }

    fn replace(&mut self, text: &str, range: Range<usize>) {
        self.text.push_str(text);
        if let Some(inner) = &mut self.inner {
            inner.text.push_replaced(text, self.source.span(range));
        }
    }

    fn hole(&mut self, range: Range<usize>) {
        self.literal = false;
        let start = self.text.len();
        self.copy(range);
        if let Some(inner) = &mut self.inner {
            inner.holes.push(start..self.text.len());
        }
    }
}

pub(super) fn range(span: shuck_ast::Span) -> Range<usize> {
    span.start.offset()..span.end.offset().max(span.start.offset())
}

impl<'a> Decoder<'a> {
    pub fn word<'w>(&self, word: &'w Word, place: Place) -> Decoded<'w> {
        let (sink, substitutions) = self.decode(word, place, false);
        let fields = if place == Place::Argument { self.fields(word) } else { None };
        let at = self.extent(word);
        let span = self.text.span(at.clone());
        let literal = sink.literal && !sink.split && !self.in_hole(&at);
        Decoded { word: ShellWord { span, text: sink.text, literal }, fields, substitutions }
    }

    /// The word's text as a script of its own.
    pub fn inner(&self, word: &Word) -> Inner {
        self.decode(word, Place::Value, true).0.inner.unwrap_or_default()
    }

    /// The body of a heredoc as a script; `strip` takes the leading tabs away, `expand` is for an unquoted delimiter.
    pub fn heredoc(&self, body: Range<usize>, strip: bool, expand: bool) -> Inner {
        let mut sink = self.sink(true);
        let text = self.text.text.get(body.clone()).unwrap_or("");
        let mut at = body.start;
        for line in text.split_inclusive('\n') {
            let tabs = if strip { line.len() - line.trim_start_matches('\t').len() } else { 0 };
            let inside = at + tabs..at + line.len();
            if expand {
                self.expanding_text(&mut sink, inside, false);
            } else {
                sink.copy(inside);
            }
            at += line.len();
        }
        sink.inner.unwrap_or_default()
    }

    fn sink(&self, mapped: bool) -> Sink<'a> {
        let inner = mapped.then(Inner::default);
        Sink { source: self.text, text: String::new(), literal: true, split: false, inner }
    }

    /// Without a continuation that follows directly: the parser counts it to some words.
    fn extent(&self, word: &Word) -> Range<usize> {
        let mut at = range(word.span);
        while let Some(before) = self.slice(&at).strip_suffix("\\\n") {
            let escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
            if escaped {
                break;
            }
            at.end = at.start + before.len();
        }
        at
    }

    pub fn in_hole(&self, range: &Range<usize>) -> bool {
        self.holes.iter().any(|hole| hole.start < range.end && range.start < hole.end)
    }

    fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.text.get(range.clone()).unwrap_or("")
    }

    fn decode<'w>(&self, word: &'w Word, place: Place, mapped: bool) -> (Sink<'a>, Vec<&'w StmtSeq>) {
        let mut sink = self.sink(mapped);
        let mut substitutions = Vec::new();
        let whole = self.extent(word);
        if !covers(&word.parts, &whole) {
            sink.hole(whole);
            return (sink, substitutions);
        }
        for (index, part) in word.parts.iter().enumerate() {
            let at = range(part.span);
            match &part.kind {
                WordPart::Literal(_) => self.unquoted(&mut sink, at, place, index == 0),
                WordPart::SingleQuoted { dollar: false, .. } => match quoted(self.slice(&at), "'", "'") {
                    true => sink.copy(at.start + 1..at.end - 1),
                    false => sink.hole(at),
                },
                WordPart::SingleQuoted { dollar: true, .. } => match quoted(self.slice(&at), "$'", "'") {
                    true => self.ansi(&mut sink, at.start + 2..at.end - 1),
                    false => sink.hole(at),
                },
                WordPart::DoubleQuoted { parts, dollar } => {
                    let open = if *dollar { "$\"" } else { "\"" };
                    let inside = at.start + open.len()..at.end.saturating_sub(1);
                    if !quoted(self.slice(&at), open, "\"") {
                        sink.hole(at);
                        continue;
                    }
                    if !covers(parts, &inside) {
                        // The parser loses the place of some parts, as those of `"$a.gz\$"`.
                        match has_bare_quote(self.slice(&inside)) {
                            true => sink.hole(at),
                            false => self.expanding_text(&mut sink, inside, true),
                        }
                        continue;
                    }
                    for part in parts {
                        let at = range(part.span);
                        match &part.kind {
                            WordPart::Literal(_) => self.double_quoted(&mut sink, at),
                            kind => self.expansion(&mut sink, kind, at, true, &mut substitutions),
                        }
                    }
                }
                kind => self.expansion(&mut sink, kind, at, place == Place::Value, &mut substitutions),
            }
        }
        if place == Place::Argument {
            // `{` is common in words without a brace expansion, so the parser's word counts here.
            sink.literal &= !word.has_active_brace_expansion();
        }
        (sink, substitutions)
    }

    fn unquoted(&self, sink: &mut Sink<'a>, at: Range<usize>, place: Place, first: bool) {
        let bytes = self.slice(&at).as_bytes();
        let mut copied = 0;
        let mut index = 0;
        while let Some(&byte) = bytes.get(index) {
            match byte {
                b'\\' => {
                    sink.copy(at.start + copied..at.start + index);
                    let next = self.slice(&(at.start + index + 1..at.end)).chars().next();
                    let len = next.map_or(0, char::len_utf8);
                    match next {
                        Some('\n') => {}
                        Some(_) => {
                            let kept = self.slice(&(at.start + index + 1..at.start + index + 1 + len));
                            sink.replace(kept, at.start + index..at.start + index + 1 + len);
                        }
                        None => sink.copy(at.start + index..at.end),
                    }
                    index += 1 + len;
                    copied = index;
                    continue;
                }
                b'*' | b'?' if place == Place::Argument => sink.literal = false,
                b'[' if place == Place::Argument && bytes.get(index..).is_some_and(|rest| rest.contains(&b']')) => {
                    sink.literal = false;
                }
                b'~' if (first && index == 0)
                    || (place == Place::Value && bytes.get(index.wrapping_sub(1)) == Some(&b':')) =>
                {
                    sink.literal = false;
                }
                b'`' => sink.literal = false,
                b'$' if starts_expansion(bytes.get(index + 1)) => sink.literal = false,
                _ => {}
            }
            index += 1;
        }
        sink.copy(at.start + copied..at.end);
    }

    fn double_quoted(&self, sink: &mut Sink<'a>, at: Range<usize>) {
        let bytes = self.slice(&at).as_bytes();
        let mut copied = 0;
        let mut index = 0;
        while let Some(&byte) = bytes.get(index) {
            if byte == b'\\' {
                match bytes.get(index + 1) {
                    Some(&next @ (b'$' | b'`' | b'"' | b'\\')) => {
                        sink.copy(at.start + copied..at.start + index);
                        let kept = char::from(next).to_string();
                        sink.replace(&kept, at.start + index..at.start + index + 2);
                        copied = index + 2;
                    }
                    Some(b'\n') => {
                        sink.copy(at.start + copied..at.start + index);
                        copied = index + 2;
                    }
                    _ => {}
                }
                index += 2;
                continue;
            }
            if byte == b'`' || (byte == b'$' && starts_expansion(bytes.get(index + 1))) {
                sink.literal = false;
            }
            index += 1;
        }
        sink.copy((at.start + copied).min(at.end)..at.end);
    }

    /// Text of a heredoc with an unquoted delimiter, or between double quotes, where the parser's parts are not at
    /// hand: variables that are known are put in, everything else that expands is a hole up to the end of its name
    /// or the line.
    fn expanding_text(&self, sink: &mut Sink<'a>, at: Range<usize>, quoted: bool) {
        let text = self.slice(&at);
        let bytes = text.as_bytes();
        let mut copied = 0;
        let mut index = 0;
        while let Some(&byte) = bytes.get(index) {
            let next = bytes.get(index + 1);
            let escaped = match next {
                Some(b'$' | b'`' | b'\\' | b'\n') => true,
                Some(b'"') => quoted,
                _ => false,
            };
            if byte == b'\\' && escaped {
                sink.copy(at.start + copied..at.start + index);
                if next != Some(&b'\n') {
                    let kept = self.slice(&(at.start + index + 1..at.start + index + 2));
                    sink.replace(kept, at.start + index..at.start + index + 2);
                }
                index += 2;
                copied = index;
            } else if byte == b'`' || (byte == b'$' && starts_expansion(next)) {
                sink.copy(at.start + copied..at.start + index);
                let brace = usize::from(next == Some(&b'{'));
                let name =
                    index + 1 + brace..index + 1 + brace + name_len(bytes.get(index + 1 + brace..).unwrap_or_default());
                let closed = brace == 0 || bytes.get(name.end) == Some(&b'}');
                let simple = closed && !name.is_empty();
                let end = if simple { name.end + brace } else { bytes.len() };
                let hole = at.start + index..at.start + end;
                match text.get(name).filter(|_| simple).and_then(|name| self.state.value(name)) {
                    Some(value) => sink.replace(value, hole),
                    None => sink.hole(hole),
                }
                index = end;
                copied = end;
            } else {
                index += 1;
            }
        }
        sink.copy(at.start + copied.min(bytes.len())..at.end);
    }

    /// `$'…'`. dash has no such quotes, so only bash makes the text certain.
    fn ansi(&self, sink: &mut Sink<'a>, at: Range<usize>) {
        sink.literal &= self.dialect == Dialect::Bash;
        let text = self.slice(&at);
        let mut index = 0;
        while let Some(rest) = text.get(index..).filter(|rest| !rest.is_empty()) {
            let plain = rest.find('\\').unwrap_or(rest.len());
            if plain > 0 {
                sink.copy(at.start + index..at.start + index + plain);
                index += plain;
                continue;
            }
            let (kept, len) = ansi_escape(rest);
            let span = at.start + index..at.start + index + len;
            match kept {
                Some(kept) => sink.replace(kept.encode_utf8(&mut [0; 4]), span),
                None => sink.copy(span),
            }
            index += len;
        }
    }

    fn expansion<'w>(
        &self,
        sink: &mut Sink<'a>,
        kind: &'w WordPart,
        at: Range<usize>,
        quoted: bool,
        substitutions: &mut Vec<&'w StmtSeq>,
    ) {
        if let WordPart::CommandSubstitution { body, .. } | WordPart::ProcessSubstitution { body, .. } = kind {
            substitutions.push(body);
        }
        match self.known(kind) {
            Some(value) if quoted || !splits(value) => sink.replace(value, at),
            Some(_) => {
                sink.split = true;
                sink.hole(at);
            }
            None => sink.hole(at),
        }
    }

    /// The text of `$V`, `${V}` or `${V:-x}` when the script itself set V.
    fn known(&self, kind: &WordPart) -> Option<&'a str> {
        match kind {
            WordPart::Variable(name) => self.state.value(name),
            WordPart::Parameter(parameter) => match parameter.bourne()? {
                BourneParameterExpansion::Access { reference } if reference.subscript.is_none() => {
                    self.state.value(&reference.name)
                }
                BourneParameterExpansion::Operation { reference, operator, .. }
                    if reference.subscript.is_none()
                        && matches!(**operator, ParameterOp::UseDefault | ParameterOp::AssignDefault) =>
                {
                    self.state.value(&reference.name).filter(|value| !value.is_empty())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `$P` alone and unquoted, with known text that has blanks in it.
    fn fields(&self, word: &Word) -> Option<Vec<String>> {
        let [part] = word.parts.as_slice() else { return None };
        let value = self.known(&part.kind).filter(|value| splits(value))?;
        let plain = !value.contains(['*', '?', '[', '\\']);
        plain.then(|| value.split([' ', '\t', '\n']).filter(|field| !field.is_empty()).map(String::from).collect())
    }
}

/// True when the parts lie end to end and fill the range.
fn covers(parts: &[WordPartNode], whole: &Range<usize>) -> bool {
    let mut at = whole.start;
    for part in parts {
        let part = range(part.span);
        if part.start != at {
            return false;
        }
        at = part.end;
    }
    at >= whole.end
}

/// A double quote that no backslash stands before.
fn has_bare_quote(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return true,
            _ => {}
        }
    }
    false
}

fn quoted(text: &str, open: &str, close: &str) -> bool {
    text.len() >= open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
}

fn splits(value: &str) -> bool {
    value.is_empty() || value.contains([' ', '\t', '\n', '*', '?', '[', '\\'])
}

fn starts_expansion(next: Option<&u8>) -> bool {
    next.is_some_and(|next| next.is_ascii_alphanumeric() || b"_{(@*#?$!-['\"".contains(next))
}

/// The length of a variable's name at the start.
fn name_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
        }
        _ => 0,
    }
}

/// The character that an escape stands for (`None`: as written) and the escape's length.
fn ansi_escape(text: &str) -> (Option<char>, usize) {
    let Some(letter) = text.chars().nth(1) else { return (None, text.len()) };
    let len = 1 + letter.len_utf8();
    let digits = |radix: u32, from: usize, most: usize| {
        let count = text.chars().skip(from).take(most).take_while(|digit| digit.is_digit(radix)).count();
        let value = text.get(from..from + count).and_then(|digits| u32::from_str_radix(digits, radix).ok());
        (value.and_then(char::from_u32), if count == 0 { len } else { from + count })
    };
    match letter {
        'n' => (Some('\n'), len),
        't' => (Some('\t'), len),
        'r' => (Some('\r'), len),
        'a' => (Some('\u{7}'), len),
        'b' => (Some('\u{8}'), len),
        'e' | 'E' => (Some('\u{1b}'), len),
        'f' => (Some('\u{c}'), len),
        'v' => (Some('\u{b}'), len),
        '\\' | '\'' | '"' | '?' => (Some(letter), len),
        'x' => digits(16, 2, 2),
        'u' => digits(16, 2, 4),
        'U' => digits(16, 2, 8),
        '0'..='7' => digits(8, 1, 3),
        _ => (None, len),
    }
}

/// A span of no width behind the byte before `at`, so that it does not slip over a continuation.
pub(super) fn empty_at(text: &MappedText, at: usize) -> Span {
    match at.checked_sub(1) {
        Some(before) => Span::at(text.span(before..at).end),
        None => Span::at(text.offset(at)),
    }
}
