//! Source text, byte spans, positions and edits.
//!
//! Bytes that are not UTF-8 are kept beside an equally long text view, so that every offset of the view is an
//! offset of the file.

use std::borrow::Cow;
use std::ops::Range;

/// A string that keeps up to 24 bytes in place. Nearly every word of a Dockerfile is as short as that, so its tree costs
/// few allocations.
pub type Text = compact_str::CompactString;

/// A half-open range of bytes of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: u32, end: u32) -> Span {
        debug_assert!(start <= end);
        Span { start, end }
    }

    /// An empty span: the place where an insertion goes.
    pub fn at(offset: u32) -> Span {
        Span { start: offset, end: offset }
    }

    pub fn len(self) -> u32 {
        self.end - self.start
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// True when both share a byte, or when one is an insertion strictly inside the other.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A position for people: line and column count from 1, the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    pub line: u32,
    pub column: u32,
}

/// The largest file that is read, in bytes. Offsets are 32 bits wide; a Dockerfile of this size is an accident.
pub const MAX_SOURCE: usize = 64 << 20;

/// One file as it was read. It never changes: a fix makes a new one.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As the user named it; only for messages.
    pub path: String,
    /// The text; each byte that is not UTF-8 stands here as U+001A, so that offsets stay those of the file.
    pub text: String,
    /// The bytes that are not UTF-8: offset and value, in order.
    invalid: Vec<(u32, u8)>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> SourceFile {
        let text = text.into();
        let line_starts = line_starts(&text);
        SourceFile { path: path.into(), text, invalid: Vec::new(), line_starts }
    }

    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> SourceFile {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return SourceFile::new(path, text),
            Err(error) => error.into_bytes(),
        };
        let mut text = String::with_capacity(bytes.len());
        let mut invalid = Vec::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for &byte in chunk.invalid() {
                invalid.push((text.len() as u32, byte));
                text.push('\u{1a}');
            }
        }
        let line_starts = line_starts(&text);
        SourceFile { path: path.into(), text, invalid, line_starts }
    }

    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    pub fn len(&self) -> u32 {
        self.text.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the first byte stands that is not UTF-8.
    pub fn first_invalid(&self) -> Option<u32> {
        self.invalid.first().map(|(offset, _)| *offset)
    }

    /// The file's own bytes of a span.
    pub fn bytes(&self, span: Span) -> Cow<'_, [u8]> {
        let text = self.slice(span).as_bytes();
        let first = self.invalid.partition_point(|(offset, _)| *offset < span.start);
        let inside = self.invalid.get(first..).unwrap_or_default();
        let count = inside.partition_point(|(offset, _)| *offset < span.end);
        if count == 0 {
            return Cow::Borrowed(text);
        }
        let mut bytes = text.to_vec();
        for (offset, byte) in inside.iter().take(count) {
            if let Some(slot) = bytes.get_mut((offset - span.start) as usize) {
                *slot = *byte;
            }
        }
        Cow::Owned(bytes)
    }

    pub fn all_bytes(&self) -> Cow<'_, [u8]> {
        self.bytes(Span::new(0, self.len()))
    }

    /// Zero-based line that holds the offset.
    pub fn line_of(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Offset of the first byte of a zero-based line.
    pub fn line_start(&self, line: usize) -> Option<u32> {
        self.line_starts.get(line).copied()
    }

    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The span of a zero-based line with its line ending.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.line_start(line).unwrap_or(self.len());
        let end = self.line_start(line + 1).unwrap_or(self.len());
        Span::new(start, end)
    }

    /// The whole lines that hold the span.
    pub fn lines_of(&self, span: Span) -> Span {
        let last = if span.is_empty() { span.start } else { span.end - 1 };
        self.line_span(self.line_of(span.start)).to(self.line_span(self.line_of(last)))
    }

    pub fn line_col(&self, offset: u32) -> LineCol {
        let line = self.line_of(offset);
        let start = self.line_start(line).unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        LineCol { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }

    /// The line ending that the file uses: that of its first line, `\n` where it has none.
    pub fn line_ending(&self) -> &'static str {
        match memchr::memchr(b'\n', self.text.as_bytes()) {
            Some(at) if at > 0 && self.text.as_bytes().get(at - 1) == Some(&b'\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The file with the edits made. Edits are in any order; `None` when two of them overlap or one does not fit.
    pub fn apply(&self, edits: &[Edit]) -> Option<SourceFile> {
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut bytes = Vec::with_capacity(self.text.len());
        let mut at = 0;
        for edit in sorted {
            if edit.span.start < at || edit.span.end > self.len() {
                return None;
            }
            bytes.extend_from_slice(&self.bytes(Span::new(at, edit.span.start)));
            bytes.extend_from_slice(edit.text.as_bytes());
            at = edit.span.end;
        }
        bytes.extend_from_slice(&self.bytes(Span::new(at, self.len())));
        Some(SourceFile::from_bytes(self.path.clone(), bytes))
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1)).collect()
}

/// Insert, replace and delete in one shape: the bytes of `span` become `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Edit {
    pub fn insert(at: u32, text: impl Into<String>) -> Edit {
        Edit { span: Span::at(at), text: text.into() }
    }

    pub fn replace(span: Span, text: impl Into<String>) -> Edit {
        Edit { span, text: text.into() }
    }

    pub fn delete(span: Span) -> Edit {
        Edit { span, text: String::new() }
    }
}

/// Text that was put together from pieces of a file (a RUN body without its continuations and comments), with
/// the way back to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappedText {
    pub text: String,
    /// In order of the text; usually also in order of the file.
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it begins in the text.
    text: u32,
    file: Span,
    /// The text is the file's own; otherwise it stands for the whole of `file`, as `"` does for `\"`.
    exact: bool,
}

impl MappedText {
    pub fn push(&mut self, source: &SourceFile, span: Span) {
        self.push_exact(source.slice(span), span.start);
    }

    /// Text that stands word for word in the file at `start`.
    fn push_exact(&mut self, text: &str, start: u32) {
        if text.is_empty() {
            return;
        }
        let end = start + text.len() as u32;
        match self.pieces.last_mut() {
            Some(last) if last.exact && last.file.end == start => last.file.end = end,
            _ => self.pieces.push(Piece { text: self.text.len() as u32, file: Span::new(start, end), exact: true }),
        }
        self.text.push_str(text);
    }

    /// Text that the file has in another shape, such as an escaped character; it leads back to the whole of `span`.
    pub fn push_replaced(&mut self, text: &str, span: Span) {
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece { text: self.text.len() as u32, file: span, exact: false });
        self.text.push_str(text);
    }

    /// A part of another mapped text, with its way back.
    pub fn push_mapped(&mut self, other: &MappedText, range: Range<usize>) {
        let mut at = range.start;
        let stop = range.end.min(other.text.len());
        while at < stop {
            let Some(index) = other.piece_at(at) else { return };
            let Some(piece) = other.pieces.get(index) else { return };
            let next = other.pieces.get(index + 1).map_or(other.text.len(), |next| next.text as usize);
            let end = next.min(stop);
            let Some(text) = other.text.get(at..end) else { return };
            if piece.exact {
                self.push_exact(text, piece.file.start + (at as u32 - piece.text));
            } else {
                self.push_replaced(text, piece.file);
            }
            at = end;
        }
    }

    /// Where the text goes on at another place of the file.
    pub fn joins(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().skip(1).map(|piece| piece.text as usize)
    }

    fn piece_at(&self, at: usize) -> Option<usize> {
        self.pieces.partition_point(|piece| piece.text as usize <= at).checked_sub(1)
    }

    /// Where a byte of the text stands in the file.
    pub fn offset(&self, at: usize) -> u32 {
        match self.piece_at(at).and_then(|index| self.pieces.get(index)) {
            Some(piece) if piece.exact => piece.file.start + (at as u32).saturating_sub(piece.text),
            Some(piece) if at >= self.text.len() => piece.file.end,
            Some(piece) => piece.file.start,
            None => 0,
        }
    }

    /// The file's span of a range of the text: from its first byte to behind its last one, with whatever
    /// continuations and comments stand between.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.offset(range.start);
        if range.is_empty() {
            return Span::at(start);
        }
        let end = match self.piece_at(range.end - 1).and_then(|index| self.pieces.get(index)) {
            Some(piece) if piece.exact => piece.file.start + (range.end as u32).saturating_sub(piece.text),
            Some(piece) => piece.file.end,
            None => start,
        };
        Span { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_keep_their_place_and_value() {
        let bytes = b"FROM a\n# \xff\xfe caf\xc3\xa9\n".to_vec();
        let source = SourceFile::from_bytes("Dockerfile", bytes.clone());
        assert_eq!(source.len() as usize, bytes.len());
        assert_eq!(*source.all_bytes(), *bytes);
        assert_eq!(source.first_invalid(), Some(9));
        let fixed = source.apply(&[Edit::replace(Span::new(5, 6), "bc")]).unwrap();
        assert_eq!(&*fixed.all_bytes(), b"FROM bc\n# \xff\xfe caf\xc3\xa9\n");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        let source = SourceFile::new("Dockerfile", "FROM a\n");
        let edits = [Edit::delete(Span::new(0, 4)), Edit::delete(Span::new(3, 5))];
        assert!(source.apply(&edits).is_none());
    }

    #[test]
    fn columns_count_characters() {
        let source = SourceFile::new("Dockerfile", "a\nüü x\n");
        assert_eq!(source.line_col(7), LineCol { line: 2, column: 4 });
    }

    #[test]
    fn a_span_of_mapped_text_leads_back_across_a_continuation() {
        let source = SourceFile::new("Dockerfile", "RUN a \\\n  b\n");
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(4, 6));
        mapped.push(&source, Span::new(8, 11));
        assert_eq!(mapped.text, "a   b");
        assert_eq!(source.slice(mapped.span(4..5)), "b");
        assert_eq!(source.slice(mapped.span(0..5)), "a \\\n  b");
    }

    #[test]
    fn an_escaped_character_leads_back_to_both_its_bytes() {
        let source = SourceFile::new("Dockerfile", r#"["a \"b\" c"]"#);
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(2, 4));
        mapped.push_replaced("\"", Span::new(4, 6));
        mapped.push(&source, Span::new(6, 7));
        mapped.push_replaced("\"", Span::new(7, 9));
        mapped.push(&source, Span::new(9, 11));
        assert_eq!(mapped.text, r#"a "b" c"#);
        assert_eq!(source.slice(mapped.span(2..5)), r#"\"b\""#);
        assert_eq!(source.slice(mapped.span(6..7)), "c");
        let mut inner = MappedText::default();
        inner.push_mapped(&mapped, 2..7);
        assert_eq!(inner.text, r#""b" c"#);
        assert_eq!(source.slice(inner.span(0..3)), r#"\"b\""#);
        assert_eq!(source.slice(inner.span(4..5)), "c");
    }
}
