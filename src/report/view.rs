//! The lines of a file that a finding shows, made fit for a terminal: long lines are cut around the place that matters,
//! control characters become visible ones, and offsets lead back to the file.

use std::collections::BTreeSet;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::text::{SourceFile, Span};

/// A span of more lines than this is shown by its first line.
const SPAN_LINES: usize = 5;

/// Some lines of a file with a map of their characters. miette asks it for the lines around a label.
pub(super) struct View<'a> {
    source: &'a SourceFile,
    name: String,
    text: String,
    lines: Vec<Line>,
    /// Characters of a line that are shown.
    columns: usize,
}

struct Line {
    /// In the file, from 0.
    number: usize,
    /// Range in `View::text` with the line feed.
    start: usize,
    end: usize,
    /// Offset in the view and in the file of each shown character, and of the end.
    chars: Vec<(usize, u32)>,
}

impl<'a> View<'a> {
    /// The lines of the spans, with one more around each. Of a line of more than `columns` characters a part is shown
    /// that holds the start of the first span on it.
    pub(super) fn new(source: &'a SourceFile, spans: &[Span], columns: usize) -> View<'a> {
        let mut numbers = BTreeSet::new();
        for span in spans {
            let shown = shown(source, *span);
            let (first, last) = line_range(source, shown);
            numbers.extend(first..=last);
            // One line before and one behind, where something stands in it.
            let around = [first.checked_sub(1), Some(last + 1)];
            numbers.extend(around.into_iter().flatten().filter(|line| !is_blank(source, *line)));
        }
        let mut view = View { source, name: plain(&source.path), text: String::new(), lines: Vec::new(), columns };
        for number in numbers {
            let focus = spans.iter().map(|span| span.start).find(|at| source.line_of(*at) == number);
            view.push(number, focus);
        }
        view
    }

    fn push(&mut self, number: usize, focus: Option<u32>) {
        let span = content(self.source, number);
        let text = self.source.slice(span);
        let focus = focus.map_or(0, |at| at.saturating_sub(span.start) as usize);
        let from = if text.len() > self.columns { lead(text, focus, self.columns) } else { 0 };
        let start = self.text.len();
        let mut chars = Vec::new();
        if from > 0 {
            chars.push((self.text.len(), span.start + from as u32));
            self.text.push('…');
        }
        let mut cut = false;
        for (count, (at, char)) in text.get(from..).unwrap_or("").char_indices().enumerate() {
            chars.push((self.text.len(), span.start + (from + at) as u32));
            if count == self.columns {
                cut = true;
                break;
            }
            self.text.push(visible(char));
        }
        if cut {
            self.text.push('…');
        } else {
            chars.push((self.text.len(), span.end));
        }
        self.text.push('\n');
        self.lines.push(Line { number, start, end: self.text.len(), chars });
    }

    /// Where a span of the file stands in the view: cut to what is shown.
    pub(super) fn span(&self, span: Span) -> SourceSpan {
        let span = shown(self.source, span);
        let start = self.offset(span.start);
        let end = self.offset(span.end).max(start);
        (start, end - start).into()
    }

    fn offset(&self, at: u32) -> usize {
        let number = self.source.line_of(at);
        let index = self.lines.partition_point(|line| line.number <= number);
        let Some(line) = self.lines.get(index.saturating_sub(1)) else { return 0 };
        let index = line.chars.partition_point(|(_, file)| *file <= at);
        line.chars.get(index.saturating_sub(1)).map_or(line.start, |(view, _)| *view)
    }

    fn file_offset(&self, at: usize) -> u32 {
        let index = self.lines.partition_point(|line| line.start <= at).saturating_sub(1);
        let Some(line) = self.lines.get(index) else { return 0 };
        // The ellipsis and the first shown character stand for the same place of the file; the later entry is the one.
        let index = line.chars.partition_point(|(view, _)| *view <= at);
        line.chars.get(index.saturating_sub(1)).map_or(0, |(_, file)| *file)
    }
}

impl SourceCode for View<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let holds = |at: usize| self.lines.partition_point(|line| line.start <= at).saturating_sub(1);
        let mut first = holds(span.offset());
        let mut last = holds(span.offset() + span.len().saturating_sub(1));
        let number = |index: usize| self.lines.get(index).map(|line| line.number);
        let (Some(top), Some(bottom)) = (number(first), number(last)) else { return Err(MietteError::OutOfBounds) };
        if bottom - top != last - first {
            // Lines between them are not in the view: miette shows two pieces.
            return Err(MietteError::OutOfBounds);
        }
        for _ in 0..before {
            if first > 0 && number(first - 1) == number(first).map(|number| number.wrapping_sub(1)) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if number(last + 1) == number(last).map(|number| number + 1) {
                last += 1;
            }
        }
        let (Some(top), Some(bottom)) = (self.lines.get(first), self.lines.get(last)) else {
            return Err(MietteError::OutOfBounds);
        };
        let data = self.text.as_bytes().get(top.start..bottom.end).unwrap_or_default();
        let at = self.source.line_col(self.file_offset(span.offset()));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            (top.start, data.len()).into(),
            top.number,
            at.column.saturating_sub(1) as usize,
            last - first + 1,
        )))
    }
}

/// The part of a span that is marked: without its last line ending, and one line of a long one.
fn shown(source: &SourceFile, span: Span) -> Span {
    let text = source.slice(span);
    let end = span.start + text.trim_end_matches(['\r', '\n']).len() as u32;
    let span = Span::new(span.start, end);
    let (first, last) = line_range(source, span);
    if last - first < SPAN_LINES {
        return span;
    }
    Span::new(span.start, content(source, first).end.max(span.start))
}

fn line_range(source: &SourceFile, span: Span) -> (usize, usize) {
    let first = source.line_of(span.start);
    (first, source.line_of(span.end.saturating_sub(1).max(span.start)))
}

fn is_blank(source: &SourceFile, line: usize) -> bool {
    source.slice(source.line_span(line)).trim().is_empty()
}

/// A line without its line ending and without a byte order mark.
fn content(source: &SourceFile, line: usize) -> Span {
    let span = source.line_span(line);
    let text = source.slice(span);
    let end = span.start + text.trim_end_matches(['\r', '\n']).len() as u32;
    let mark = if line == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() as u32 } else { 0 };
    Span::new((span.start + mark).min(end), end)
}

/// Where the shown part of a long line begins: at its start where that shows the focus too, else a quarter before it.
fn lead(text: &str, focus: usize, columns: usize) -> usize {
    let before = text.get(..focus).unwrap_or("");
    if before.chars().count() <= columns / 2 {
        return 0;
    }
    before.char_indices().rev().nth(columns / 4).map_or(0, |(at, _)| at)
}

/// A character that a terminal prints as it stands; control characters and those that turn the direction of writing
/// would let a file write what it likes on the screen.
fn visible(char: char) -> char {
    match char {
        '\t' => char,
        '\u{1a}' => '\u{fffd}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + char as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{feff}' => '\u{fffd}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => '\u{fffd}',
        _ => char,
    }
}

/// A message for one line of a terminal: no control characters, and not longer than a person reads.
pub(super) fn plain(text: &str) -> String {
    const LONGEST: usize = 600;
    let mut plain: String =
        text.chars().take(LONGEST).map(|char| if matches!(char, '\n' | '\t') { ' ' } else { visible(char) }).collect();
    if text.chars().nth(LONGEST).is_some() {
        plain.push('…');
    }
    plain
}
