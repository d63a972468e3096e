//! Heredoc markers: `<<EOF`, `<<-"EOF"`, `3<<EOF` among the words of a line, as BuildKit finds them.
//!
//! BuildKit splits the whole line with its shell lexer (escape character `\`, whatever `escape=` says, nothing
//! expanded) and takes each word that is a marker. Where the lexer fails, the line has no heredocs.

use std::iter::Peekable;
use std::str::CharIndices;

/// A word that the lexer made: its text, and where it stands in the line.
struct Lexed {
    text: String,
    start: usize,
    end: usize,
}

pub(super) struct Marker {
    pub start: usize,
    pub end: usize,
    pub name: String,
    pub expand: bool,
    pub strip_tabs: bool,
}

/// The markers of a logical line; `Err` is a marker's place whose delimiter cannot be read.
pub(super) fn markers(line: &str) -> Result<Vec<Marker>, (usize, usize)> {
    let mut found = Vec::new();
    for word in lex(line, true, true).unwrap_or_default() {
        match read(&word.text) {
            Ok(Some((name, expand, strip_tabs))) => {
                found.push(Marker { start: word.start, end: word.end, name, expand, strip_tabs });
            }
            Ok(None) => {}
            Err(()) => return Err((word.start, word.end)),
        }
    }
    Ok(found)
}

/// True when a word of COPY or ADD is a heredoc marker.
pub(super) fn is_marker(word: &str) -> bool {
    word.contains("<<") && matches!(read(word), Ok(Some(_)))
}

/// The delimiter, whether the body is expanded, whether tabs are stripped: BuildKit's
/// `^(\d*)<<(-?)\s*([^<]*)$` and what `heredocFromMatch` makes of it.
fn read(word: &str) -> Result<Option<(String, bool, bool)>, ()> {
    let Some(rest) = word.trim_start_matches(|ch: char| ch.is_ascii_digit()).strip_prefix("<<") else {
        return Ok(None);
    };
    let (rest, strip_tabs) = match rest.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let words = lex(rest, false, false).ok_or(())?;
    let [word] = words.as_slice() else { return Ok(None) };
    let raw = lex(rest, true, false).ok_or(())?;
    let [raw] = raw.as_slice() else { return Err(()) };
    let quotes = |text: &str| text.bytes().filter(|byte| matches!(byte, b'\'' | b'"')).count();
    Ok(Some((word.text.clone(), quotes(&word.text) == quotes(&raw.text), strip_tabs)))
}

fn lex(line: &str, raw_quotes: bool, raw_escapes: bool) -> Option<Vec<Lexed>> {
    let mut lexer = Lexer {
        chars: line.char_indices().peekable(),
        length: line.len(),
        raw_quotes,
        raw_escapes,
        word: String::new(),
        start: 0,
        words: Vec::new(),
    };
    let mut result = String::new();
    lexer.run(None, raw_escapes, false, &mut result, 0)?;
    lexer.finish(line.len());
    Some(lexer.words)
}

/// BuildKit's `shellWord` with no variable set and `SkipUnsetEnv`.
struct Lexer<'a> {
    chars: Peekable<CharIndices<'a>>,
    length: usize,
    raw_quotes: bool,
    raw_escapes: bool,
    word: String,
    start: usize,
    words: Vec<Lexed>,
}

/// `${a:-${b:-…}}` deeper than this is refused rather than followed.
const MAX_DEPTH: usize = 200;

impl Lexer<'_> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.length, |(at, _)| *at)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, ch)| *ch)
    }

    fn next(&mut self) -> Option<char> {
        self.chars.next().map(|(_, ch)| ch)
    }

    /// Ends the word in hand.
    fn finish(&mut self, end: usize) {
        if !self.word.is_empty() {
            self.words.push(Lexed { text: std::mem::take(&mut self.word), start: self.start, end });
        }
    }

    fn add_raw(&mut self, text: &str, start: usize) {
        if self.word.is_empty() {
            self.start = start;
        }
        self.word.push_str(text);
    }

    /// Adds text in which white space ends the word.
    fn add(&mut self, text: &str, start: usize) {
        for ch in text.chars() {
            if ch.is_whitespace() {
                self.finish(start);
            } else {
                self.add_raw(ch.encode_utf8(&mut [0; 4]), start);
            }
        }
    }

    /// Up to `stop` (consumed) or the end. Only the outermost call (`depth` 0) makes words; BuildKit's inner calls
    /// share the buffer of the outer one and so wipe what it held.
    fn run(&mut self, stop: Option<char>, raw: bool, pattern: bool, result: &mut String, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let outer_raw = std::mem::replace(&mut self.raw_escapes, raw);
        self.word.clear();
        let done = self.run_inner(stop, pattern, result, depth);
        self.raw_escapes = outer_raw;
        done
    }

    fn run_inner(&mut self, stop: Option<char>, pattern: bool, result: &mut String, depth: usize) -> Option<()> {
        let top = depth == 0;
        while let Some(ch) = self.peek() {
            let start = self.at();
            if Some(ch) == stop {
                self.next();
                return Some(());
            }
            let before = result.len();
            match ch {
                '\'' => self.single_quote(pattern, result)?,
                '"' => self.double_quote(pattern, result, depth)?,
                '$' => self.dollar(result, depth)?,
                '<' => self.possible_heredoc(result),
                _ => {
                    self.next();
                    if ch != '\\' {
                        if top {
                            self.add(ch.encode_utf8(&mut [0; 4]), start);
                        }
                        result.push(ch);
                        continue;
                    }
                    if self.raw_escapes {
                        result.push(ch);
                    }
                    if let Some(escaped) = self.next() {
                        result.push(escaped);
                    }
                }
            }
            if top {
                let added = result.get(before..).unwrap_or("").to_string();
                match ch {
                    '$' => self.add(&added, start),
                    _ => self.add_raw(&added, start),
                }
            }
        }
        stop.is_none().then_some(())
    }

    fn single_quote(&mut self, pattern: bool, result: &mut String) -> Option<()> {
        self.next();
        if self.raw_quotes {
            result.push('\'');
        }
        loop {
            let ch = self.next()?;
            if ch == '\'' {
                if self.raw_quotes {
                    result.push(ch);
                }
                return Some(());
            }
            if pattern && ch == '\\' {
                result.push(ch);
            }
            result.push(ch);
        }
    }

    fn double_quote(&mut self, pattern: bool, result: &mut String, depth: usize) -> Option<()> {
        self.next();
        if self.raw_quotes {
            result.push('"');
        }
        loop {
            match self.peek()? {
                '"' => {
                    self.next();
                    if self.raw_quotes {
                        result.push('"');
                    }
                    return Some(());
                }
                '$' => self.dollar(result, depth)?,
                ch => {
                    self.next();
                    if ch != '\\' {
                        result.push(ch);
                        continue;
                    }
                    match self.peek() {
                        None => continue,
                        Some(next @ ('"' | '$' | '\\')) => {
                            if self.raw_escapes {
                                result.push(ch);
                            }
                            self.next();
                            result.push(next);
                        }
                        Some(_) => {
                            if self.raw_escapes && (!self.raw_quotes || pattern) {
                                result.push(ch);
                            }
                            result.push(ch);
                        }
                    }
                }
            }
        }
    }

    /// `$name`, `${name}`, `${name:-word}`, … written back, since no variable is set.
    fn dollar(&mut self, result: &mut String, depth: usize) -> Option<()> {
        self.next();
        if self.peek() != Some('{') {
            result.push('$');
            self.name(result);
            return Some(());
        }
        self.next();
        if matches!(self.peek()?, '{' | '}' | ':') {
            return None;
        }
        result.push_str("${");
        self.name(result);
        let mut modifier = self.next()?;
        match modifier {
            '}' => {
                result.push('}');
                return Some(());
            }
            '/' => {
                result.push('/');
                if self.peek() == Some('/') {
                    self.next();
                }
                let mut part = String::new();
                self.run(Some('/'), true, true, &mut part, depth + 1)?;
                part.push('/');
                self.run(Some('}'), true, false, &mut part, depth + 1)?;
                result.push_str(&part);
                result.push('}');
                return Some(());
            }
            ':' => {
                result.push(':');
                modifier = self.next()?;
                if matches!(modifier, '#' | '%') {
                    return None;
                }
            }
            '+' | '-' | '?' | '#' | '%' => {}
            _ => return None,
        }
        let raw = matches!(modifier, '#' | '%');
        result.push(modifier);
        let mut part = String::new();
        self.run(Some('}'), raw, raw, &mut part, depth + 1)?;
        result.push_str(&part);
        result.push('}');
        Some(())
    }

    fn name(&mut self, result: &mut String) {
        let mut first = true;
        while let Some(ch) = self.peek() {
            if first && ch.is_numeric() {
                while let Some(digit) = self.peek().filter(|ch| ch.is_numeric()) {
                    result.push(digit);
                    self.next();
                }
                return;
            }
            if first && matches!(ch, '@' | '*' | '#' | '?' | '-' | '$' | '!' | '0') {
                result.push(ch);
                self.next();
                return;
            }
            if !ch.is_alphanumeric() && ch != '_' {
                return;
            }
            result.push(ch);
            self.next();
            first = false;
        }
    }

    /// `<<` takes the white space behind it into the word.
    fn possible_heredoc(&mut self, result: &mut String) {
        self.next();
        result.push('<');
        if self.peek() != Some('<') {
            return;
        }
        self.next();
        result.push('<');
        while let Some(blank) = self.peek().filter(|ch| matches!(ch, '\t' | '\r' | ' ')) {
            result.push(blank);
            self.next();
        }
    }
}
