//! `[registry/]repository[:tag][@digest]`, each part with its span; parts may hold variables.
//!
//! A first component that is only a variable (`$REGISTRY/app`) says nothing of what it holds, so it stays in the
//! repository; `$SERVER:8099/app` shows a port and is a registry. Text inside `${…}` and quotes never separates.

use super::Word;
use crate::text::{Span, Text};

/// An image reference as written. `FROM $SERVER:8099/x:1.0` has registry `$SERVER:8099`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageRef {
    pub span: Span,
    pub text: Text,
    /// Host with port, without the slash.
    pub registry: Option<Word>,
    pub repository: Word,
    pub tag: Option<Word>,
    pub digest: Option<Word>,
}

impl ImageRef {
    /// Of text that stands in no file, such as an expanded name; spans are offsets into the text.
    pub fn from_text(text: &str) -> ImageRef {
        read(text, |start, end| Span::new(start as u32, end as u32))
    }

    /// Of a word of the file. In a word that is broken by a continuation every part gets the span of the whole.
    pub fn from_word(word: &Word) -> ImageRef {
        let whole = word.span.len() as usize == word.text.len();
        read(&word.text, |start, end| match whole {
            true => Span::new(word.span.start + start as u32, word.span.start + end as u32),
            false => word.span,
        })
    }

    /// Registry and repository, without tag and digest.
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{}/{}", registry.text, self.repository.text),
            None => self.repository.text.to_string(),
        }
    }

    /// A variable stands in it.
    pub fn has_variable(&self) -> bool {
        self.text.contains('$')
    }
}

/// The parts of a word; the same as `ImageRef::from_word`.
pub fn parse(word: &Word) -> ImageRef {
    ImageRef::from_word(word)
}

pub(super) fn read(text: &str, span: impl Fn(usize, usize) -> Span) -> ImageRef {
    let (start, end) = unquote(text, 0, text.len());
    let part = |start: usize, end: usize| {
        let (start, end) = unquote(text, start, end);
        Word { span: span(start, end), text: Text::new(text.get(start..end).unwrap_or("")) }
    };
    let mut at_sign = None;
    let mut first_slash = None;
    let mut first_colon = None;
    let mut tag_colon = None;
    separators(text, start, end, |at, byte| match byte {
        b'@' => at_sign = at_sign.or(Some(at)),
        _ if at_sign.is_some() => {}
        b'/' => {
            first_slash = first_slash.or(Some(at));
            tag_colon = None;
        }
        _ => {
            first_colon = first_colon.or(Some(at));
            tag_colon = tag_colon.or(Some(at));
        }
    });
    let name_end = tag_colon.or(at_sign).unwrap_or(end);
    let registry = first_slash.filter(|slash| {
        let host = text.get(start..*slash).unwrap_or("");
        is_host(host) || first_colon.is_some_and(|colon| colon < *slash)
    });
    ImageRef {
        span: span(0, text.len()),
        text: Text::new(text),
        registry: registry.map(|slash| part(start, slash)),
        repository: part(registry.map_or(start, |slash| slash + 1), name_end),
        tag: tag_colon.map(|colon| part(colon + 1, at_sign.unwrap_or(end))),
        digest: at_sign.map(|at| part(at + 1, end)),
    }
}

/// Docker's rule: the first component is a host when it has a dot or a port, is `localhost`, or has a capital letter.
/// What stands in variables does not count.
fn is_host(host: &str) -> bool {
    if host == "localhost" {
        return true;
    }
    let bytes = host.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'$' {
            at = variable_end(bytes, at);
            continue;
        }
        if byte == b'.' || byte.is_ascii_uppercase() {
            return true;
        }
        at += 1;
    }
    false
}

/// Where the variable ends that begins at a `$`; nested braces are followed.
fn variable_end(bytes: &[u8], dollar: usize) -> usize {
    let mut at = dollar + 1;
    if bytes.get(at) != Some(&b'{') {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            at += 1;
        }
        return at;
    }
    let mut depth = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
    }
    at
}

/// Calls `found` with every `/`, `:` and `@` that stands outside of variables.
fn separators(text: &str, start: usize, end: usize, mut found: impl FnMut(usize, u8)) {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < end {
        match bytes.get(at) {
            Some(b'$') => {
                at = variable_end(bytes, at);
                continue;
            }
            Some(byte @ (b'/' | b':' | b'@')) => found(at, *byte),
            _ => {}
        }
        at += 1;
    }
}

/// Without the quotes that enclose the whole range.
fn unquote(text: &str, start: usize, end: usize) -> (usize, usize) {
    let Some(inner) = text.get(start..end) else { return (start, end) };
    for quote in ['"', '\''] {
        if let Some(bare) = inner.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            && !bare.contains(quote)
        {
            return (start + 1, end - 1);
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `registry | repository | tag | digest`, `-` for what is missing.
    fn check(text: &str, expected: &str) {
        let image = ImageRef::from_text(text);
        let part = |word: &Option<Word>| word.as_ref().map_or("-".to_string(), |word| word.text.to_string());
        let got = format!(
            "{} | {} | {} | {}",
            part(&image.registry),
            image.repository.text,
            part(&image.tag),
            part(&image.digest)
        );
        assert_eq!(got, expected, "{text}");
        for word in [&image.registry, &image.tag, &image.digest, &Some(image.repository.clone())].into_iter().flatten()
        {
            assert_eq!(&text[word.span.range()], word.text, "{text}");
        }
    }

    #[test]
    fn parts_of_references_are_found() {
        check("debian", "- | debian | - | -");
        check("debian:12-slim", "- | debian | 12-slim | -");
        check("library/debian:12", "- | library/debian | 12 | -");
        check("gcr.io/distroless/static:nonroot", "gcr.io | distroless/static | nonroot | -");
        check("localhost/x", "localhost | x | - | -");
        check("localhost:5000", "- | localhost | 5000 | -");
        check("host:5000/x", "host:5000 | x | - | -");
        check("x@sha256:abc", "- | x | - | sha256:abc");
        check("r.io:1/a/x:1@sha256:abc", "r.io:1 | a/x | 1 | sha256:abc");
    }

    #[test]
    fn variables_and_quotes_do_not_separate() {
        check("$SERVER:8099/x:1.0", "$SERVER:8099 | x | 1.0 | -");
        check("$REGISTRY/x:1.0", "- | $REGISTRY/x | 1.0 | -");
        check("${B:-debian:9}", "- | ${B:-debian:9} | - | -");
        check("${R:-gcr.io/x}/y:${T:-1:2}", "- | ${R:-gcr.io/x}/y | ${T:-1:2} | -");
        check("${A:-${B}:1}:2", "- | ${A:-${B}:1} | 2 | -");
        check("x:\"$TAG\"", "- | x | $TAG | -");
        check("\"x:1\"", "- | x | 1 | -");
        check("${HOST}.io/x", "${HOST}.io | x | - | -");
        check("x:", "- | x |  | -");
        check("${", "- | ${ | - | -");
        check("", "- |  | - | -");
    }
}
