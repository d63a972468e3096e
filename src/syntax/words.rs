//! Words of a logical line: BuildKit's quoting, flags, JSON form, key=value.
//!
//! All functions take and give byte ranges of the logical text.

use super::lines::{View, trim_start};
use super::{Flag, FlagField, Word};

/// Start and end in the logical text.
pub(super) type Range = (usize, usize);

/// The white space that separates the keyword from its arguments and the words of a list (Go's `[\t\v\f\r ]`).
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// The character at a byte offset, with a short way for ASCII.
fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at)? {
        byte if byte.is_ascii() => Some(*byte as char),
        _ => text.get(at..)?.chars().next(),
    }
}

/// Unicode white space is taken off both ends.
pub(super) fn trim(text: &str, (start, end): Range) -> Range {
    let left = trim_start(text.get(start..end).unwrap_or(""));
    let start = end - left.len();
    let length = match left.as_bytes().last() {
        Some(b'!'..=b'~') => left.len(),
        _ => left.trim_end().len(),
    };
    (start, start + length)
}

/// Splits at runs of blanks, without regard to quotes; the words take the place of what is in `words`.
pub(super) fn split_blanks(text: &str, (start, end): Range, words: &mut Vec<Range>) {
    words.clear();
    let mut at = start;
    while at < end {
        let rest = text.as_bytes().get(at..end).unwrap_or_default();
        let stop = rest.iter().position(|byte| is_blank(*byte)).map_or(end, |length| at + length);
        words.push((at, stop));
        let rest = text.as_bytes().get(stop..end).unwrap_or_default();
        at = rest.iter().position(|byte| !is_blank(*byte)).map_or(end, |length| stop + length);
    }
}

/// Splits at white space outside of quotes; quotes and escapes stay. An escape character at the very end is dropped.
pub(super) fn split_quoted(text: &str, (start, end): Range, escape: char, words: &mut Vec<Range>) {
    words.clear();
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        while let Some(ch) = char_at(text, at).filter(|ch| at < end && ch.is_whitespace()) {
            at += ch.len_utf8();
        }
        if at >= end {
            return;
        }
        let word = at;
        let mut quote = None;
        let mut stop = end;
        while at < end {
            // Most characters mean nothing special.
            if let Some(b'#'..=b'&' | b'('..=b'[' | b']'..=b'_' | b'a'..=b'~') = bytes.get(at) {
                at += 1;
                continue;
            }
            let Some(ch) = char_at(text, at) else { break };
            let next = at + ch.len_utf8();
            match quote {
                None if ch.is_whitespace() => {
                    stop = at;
                    break;
                }
                None if ch == '\'' || ch == '"' => quote = Some(ch),
                Some(open) if ch == open => quote = None,
                _ => {}
            }
            if ch == escape && quote != Some('\'') {
                if next >= end {
                    stop = at;
                    at = next;
                    break;
                }
                at = next + char_at(text, next).map_or(0, char::len_utf8);
                continue;
            }
            at = next;
        }
        if word < stop {
            words.push((word, stop.min(end)));
        }
    }
}

/// A flag as it stands, and its text without quotes and escapes when these make a difference.
pub(super) struct RawFlag {
    pub range: Range,
    pub unquoted: Option<Unquoted>,
}

pub(super) struct Unquoted {
    text: String,
    /// Offset in the logical text of each byte of `text`.
    offsets: Vec<usize>,
}

/// The words with two dashes at the start, and where the rest begins.
///
/// BuildKit reads flags byte by byte and takes the bytes 0x85 and 0xa0 for white space, also inside a character
/// (`à`). Such a character ends a flag; here it stays whole and in the flag, so that spans fall between characters.
pub(super) fn flags(text: &str, (start, end): Range, escape: char) -> (Vec<RawFlag>, usize) {
    let bytes = text.as_bytes();
    let mut flags = Vec::new();
    let mut at = start;
    loop {
        while bytes.get(at).is_some_and(|byte| at < end && (is_blank(*byte) || *byte == b'\n')) {
            at += 1;
        }
        if at + 1 >= end || bytes.get(at) != Some(&b'-') || bytes.get(at + 1) != Some(&b'-') {
            return (flags, at.min(end));
        }
        let word = at;
        let mut quote = None;
        let mut plain = true;
        let mut unquoted = Unquoted { text: String::new(), offsets: Vec::new() };
        while at < end {
            let Some(mut ch) = char_at(text, at) else { break };
            if quote.is_none() && ch.is_ascii() && (is_blank(ch as u8) || ch == '\n') {
                break;
            }
            if quote == Some(ch) || (quote.is_none() && (ch == '\'' || ch == '"')) {
                if plain {
                    plain = false;
                    unquoted.copy(text, word, at);
                }
                quote = if quote.is_some() { None } else { Some(ch) };
                at += 1;
                continue;
            }
            if ch == escape {
                if plain {
                    plain = false;
                    unquoted.copy(text, word, at);
                }
                at += 1;
                match char_at(text, at).filter(|_| at < end) {
                    Some(next) => ch = next,
                    None => break,
                }
            }
            if !plain {
                unquoted.copy(text, at, at + ch.len_utf8());
            }
            at += ch.len_utf8();
            if quote.is_none() && !ch.is_ascii() && breaks_flag(ch) {
                break;
            }
        }
        let flag = RawFlag { range: (word, at), unquoted: (!plain).then_some(unquoted) };
        if flag.text(text) == "--" {
            return (flags, at);
        }
        flags.push(flag);
    }
}

fn breaks_flag(ch: char) -> bool {
    ch.encode_utf8(&mut [0; 4]).bytes().any(|byte| matches!(byte, 0x85 | 0xa0))
}

impl Unquoted {
    fn copy(&mut self, text: &str, start: usize, end: usize) {
        self.text.push_str(text.get(start..end).unwrap_or(""));
        self.offsets.extend(start..end);
    }
}

impl RawFlag {
    fn text<'a>(&'a self, text: &'a str) -> &'a str {
        match &self.unquoted {
            Some(unquoted) => &unquoted.text,
            None => text.get(self.range.0..self.range.1).unwrap_or(""),
        }
    }

    /// The word of a range of the flag's unquoted text.
    fn word(&self, view: &View<'_>, start: usize, end: usize) -> Word {
        match &self.unquoted {
            None => view.word(self.range.0 + start, self.range.0 + end),
            Some(unquoted) => {
                let at = |index: usize| unquoted.offsets.get(index).copied();
                let from = at(start).unwrap_or(self.range.1);
                let to = if start < end { at(end - 1).map_or(self.range.1, |at| at + 1) } else { from };
                Word { span: view.span(from, to), text: unquoted.text.get(start..end).unwrap_or("").into() }
            }
        }
    }

    pub fn build(&self, view: &View<'_>) -> Flag {
        let text = self.text(view.text);
        let equals = memchr::memchr(b'=', text.as_bytes());
        let name = self.word(view, 2, equals.unwrap_or(text.len()));
        let value = equals.map(|at| self.word(view, at + 1, text.len()));
        let mut fields = Vec::new();
        if name.text == "mount"
            && let Some(at) = equals
        {
            for (start, end) in csv_fields(text, at + 1).unwrap_or_default() {
                let field = text.get(start..end).unwrap_or("");
                let equals = field.find('=').map(|at| start + at);
                fields.push(FlagField {
                    span: self.word(view, start, end).span,
                    key: self.word(view, start, equals.unwrap_or(end)),
                    value: equals.map(|at| self.word(view, at + 1, end)),
                });
            }
        }
        Flag { span: view.span(self.range.0, self.range.1), name, value, fields }
    }
}

/// The comma-separated fields of a `--mount` or `--device` value; `None` where BuildKit's CSV reader refuses it.
/// Quotes around a field are not part of its range; a doubled quote inside one stays doubled.
pub(super) fn csv_fields(text: &str, start: usize) -> Option<Vec<Range>> {
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut at = start;
    if at >= bytes.len() {
        return None;
    }
    loop {
        if bytes.get(at) != Some(&b'"') {
            let rest = bytes.get(at..)?;
            let end = memchr::memchr(b',', rest).map_or(bytes.len(), |length| at + length);
            if memchr::memchr(b'"', bytes.get(at..end)?).is_some() {
                return None;
            }
            fields.push((at, end));
            if end == bytes.len() {
                return Some(fields);
            }
            at = end + 1;
            continue;
        }
        at += 1;
        let field = at;
        loop {
            at += memchr::memchr(b'"', bytes.get(at..)?)?;
            match bytes.get(at + 1) {
                Some(b'"') => at += 2,
                Some(b',') => {
                    fields.push((field, at));
                    at += 2;
                    break;
                }
                None => {
                    fields.push((field, at));
                    return Some(fields);
                }
                Some(_) => return None,
            }
        }
    }
}

/// What the text of an instruction that may be a JSON array is.
pub(super) enum Json {
    Strings(Vec<Word>),
    /// A JSON array that holds something else than strings: an error for BuildKit.
    NotStrings,
    /// Not JSON: the shell form.
    No,
}

/// Reads a JSON array of strings as Go's `encoding/json` does.
pub(super) fn json(view: &View<'_>, (start, end): Range) -> Json {
    let text = view.slice(0, end);
    let start = end - view.slice(start, end).trim_start().len();
    if text.as_bytes().get(start) != Some(&b'[') {
        return Json::No;
    }
    let mut reader = JsonReader { text, at: start + 1 };
    let mut words = Vec::new();
    let mut only_strings = true;
    reader.blanks();
    if reader.peek() == Some(b']') {
        reader.at += 1;
    } else {
        loop {
            reader.blanks();
            let from = reader.at;
            if reader.peek() == Some(b'"') {
                let Some(string) = reader.string() else { return Json::No };
                words.push(Word { span: view.span(from, reader.at), text: string.into() });
            } else {
                only_strings = false;
                if reader.value().is_none() {
                    return Json::No;
                }
            }
            reader.blanks();
            let next = reader.peek();
            reader.at += 1;
            match next {
                Some(b',') => {}
                Some(b']') => break,
                _ => return Json::No,
            }
        }
    }
    reader.blanks();
    match (reader.peek(), only_strings) {
        (Some(_), _) => Json::No,
        (None, true) => Json::Strings(words),
        (None, false) => Json::NotStrings,
    }
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
}

impl JsonReader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// A string with its quotes; the reader stands at the opening one.
    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(from..self.at)?);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(out);
                }
                b'\\' => {
                    self.at += 1;
                    let escape = self.peek()?;
                    self.at += 1;
                    out.push(match escape {
                        b'"' | b'\\' | b'/' => escape as char,
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode()?,
                        _ => return None,
                    });
                }
                _ => return None,
            }
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Half a surrogate pair becomes U+FFFD, as in Go.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.text.get(self.at..self.at + 2) == Some("\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
            self.at = back;
        }
        Some(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    /// Any value, checked and skipped. Brackets are kept on a stack of our own: a file cannot overflow the real one.
    fn value(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.blanks();
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                bracket @ (b'[' | b'{') => {
                    self.at += 1;
                    self.blanks();
                    let close = if bracket == b'[' { b']' } else { b'}' };
                    if self.peek()? != close {
                        if open.len() > 10_000 {
                            return None;
                        }
                        open.push(close);
                        if close == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                    self.at += 1;
                }
                _ => self.scalar()?,
            }
            loop {
                let Some(&close) = open.last() else { return Some(()) };
                self.blanks();
                let next = self.peek()?;
                self.at += 1;
                if next == close {
                    open.pop();
                    continue;
                }
                if next != b',' {
                    return None;
                }
                if close == b'}' {
                    self.blanks();
                    self.key()?;
                }
                break;
            }
        }
    }

    fn key(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        self.blanks();
        self.at += 1;
        (self.text.as_bytes().get(self.at - 1) == Some(&b':')).then_some(())
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        for name in ["true", "false", "null"] {
            if rest.starts_with(name) {
                self.at += name.len();
                return Some(());
            }
        }
        let length = rest.bytes().position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let number = rest.get(..length.unwrap_or(rest.len()))?;
        let digits = number.strip_prefix('-').unwrap_or(number);
        let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
        let tail = digits.get(whole..)?;
        let good_fraction = !tail.starts_with('.') || tail.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        let good = whole > 0
            && !number.starts_with('+')
            && (whole == 1 || !digits.starts_with('0'))
            && good_fraction
            && number.parse::<f64>().is_ok_and(f64::is_finite)
            && !tail.starts_with(".e")
            && !tail.starts_with(".E");
        self.at += number.len();
        good.then_some(())
    }
}
