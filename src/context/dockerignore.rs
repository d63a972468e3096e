//! `.dockerignore` as Docker and BuildKit read it: the file's lines as in moby/patternmatcher's `ignorefile`, the
//! matching as in its `MatchesUsingParentResults`, which is what sends a context.

use super::glob;

/// The patterns of one `.dockerignore`, in its order.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    list: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// `!pattern`: brings files back.
    exception: bool,
    text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact,
    /// `dir/**`
    Prefix(String),
    /// `**/name`
    Suffix(String),
    Tokens(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Star,
    /// `**/` before something: nothing, or any directories.
    Deep,
    /// `**` at the end.
    Rest,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// A bare `^`, which is an anchor in the expression that Docker makes of the pattern, and so never matches.
    Never,
}

/// Which patterns matched a directory: what its entries need to be judged.
#[derive(Clone, Debug, Default)]
pub struct Matched(Vec<bool>);

impl Patterns {
    /// Reads the file. An error is one that Docker reports too, and then it builds nothing; or a bracket expression
    /// with wildcards in it, whose meaning there is an accident.
    pub fn parse(text: &str) -> Result<Patterns, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut list = Vec::new();
        for line in text.split('\n') {
            // Only the first column makes a comment; `  # x` is a pattern.
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if pattern.is_empty() {
                return Err("a `!` without a pattern".into());
            }
            let mut cleaned = clean(pattern);
            if cleaned.len() > 1 && cleaned.starts_with('/') {
                cleaned.remove(0);
            }
            // Docker cleans `!` and pattern a second time as one path, which matters for `!..` and `!!x` only.
            let (exception, cleaned) = again(exception, &cleaned);
            if cleaned.is_empty() {
                return Err("a `!` without a pattern".into());
            }
            if !glob::valid(&cleaned) {
                return Err(format!("syntax error in pattern `{line}`"));
            }
            let matcher = compile(&cleaned).ok_or_else(|| format!("pattern `{line}` is not understood"))?;
            list.push(Pattern { exception, text: cleaned, matcher });
        }
        Ok(Patterns { list })
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the path is left out, given what matched its parent directory (`Matched::default()` at the top).
    pub fn excludes(&self, path: &str, parent: &Matched) -> (bool, Matched) {
        let mut excluded = false;
        let mut info = vec![false; self.list.len()];
        for (index, pattern) in self.list.iter().enumerate() {
            let mut matches = parent.0.get(index).copied().unwrap_or(false);
            if !matches {
                if pattern.exception != excluded {
                    continue;
                }
                matches = pattern.matches(path);
            }
            if let Some(slot) = info.get_mut(index) {
                *slot = matches;
            }
            if matches {
                excluded = !pattern.exception;
            }
        }
        (excluded, Matched(info))
    }

    /// Whether the path is left out, judged from the top.
    pub fn excludes_path(&self, path: &str) -> bool {
        if self.list.is_empty() {
            return false;
        }
        let mut info = Matched::default();
        let mut excluded = false;
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            (excluded, info) = self.excludes(path.get(..end).unwrap_or(path), &info);
        }
        excluded
    }

    /// Whether an exception may bring back something below a directory that is left out. May say yes too often.
    pub fn may_return_below(&self, dir: &str) -> bool {
        self.list.iter().filter(|pattern| pattern.exception).any(|pattern| {
            let fixed = match pattern.text.find(['*', '?', '[', '\\', '^']) {
                Some(at) => pattern.text.get(..at).unwrap_or(""),
                None => pattern.text.as_str(),
            };
            let dir = format!("{dir}/");
            fixed.len() < pattern.text.len() && dir.starts_with(fixed)
                || fixed.starts_with(&dir)
                || dir.starts_with(&format!("{}/", pattern.text))
        })
    }
}

fn again(exception: bool, cleaned: &str) -> (bool, String) {
    let whole = if exception { format!("!{cleaned}") } else { cleaned.to_string() };
    let whole = clean(whole.trim());
    match whole.strip_prefix('!') {
        Some(rest) => (true, rest.to_string()),
        None => (false, whole),
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Matcher::Suffix(suffix) => path.ends_with(suffix.as_str()) || suffix.strip_prefix('/') == Some(path),
            Matcher::Tokens(tokens) => {
                let path: Vec<char> = path.chars().collect();
                run(tokens, &path)
            }
        }
    }
}

/// Whether the tokens match the whole path: the states are sets of positions, so that no pattern takes long.
fn run(tokens: &[Token], path: &[char]) -> bool {
    let mut here = vec![false; path.len() + 1];
    here[0] = true;
    for token in tokens {
        let mut next = vec![false; path.len() + 1];
        for (at, _) in here.iter().enumerate().filter(|(_, on)| **on) {
            step(token, path, at, &mut next);
        }
        here = next;
    }
    here.last().copied().unwrap_or(false)
}

fn step(token: &Token, path: &[char], at: usize, next: &mut [bool]) {
    let mut set = |index: usize| {
        if let Some(slot) = next.get_mut(index) {
            *slot = true;
        }
    };
    let rest = path.get(at..).unwrap_or_default();
    let first = rest.first().copied();
    match token {
        Token::Char(wanted) if first == Some(*wanted) => set(at + 1),
        Token::One if first.is_some_and(|c| c != '/') => set(at + 1),
        Token::Class { negated, ranges }
            if first.is_some_and(|c| ranges.iter().any(|(low, high)| *low <= c && c <= *high) != *negated) =>
        {
            set(at + 1)
        }
        Token::Star => {
            let count = rest.iter().take_while(|c| **c != '/').count();
            (at..=at + count).for_each(set);
        }
        // `.` of Go's expressions is not a line feed.
        Token::Rest => {
            let count = rest.iter().take_while(|c| **c != '\n').count();
            (at..=at + count).for_each(set);
        }
        Token::Deep => {
            set(at);
            let count = rest.iter().take_while(|c| **c != '\n').count();
            for (offset, c) in rest.iter().take(count).enumerate() {
                if *c == '/' {
                    set(at + offset + 1);
                }
            }
        }
        _ => {}
    }
}

fn compile(pattern: &str) -> Option<Matcher> {
    let chars: Vec<char> = pattern.chars().collect();
    // Go's scanner drops a byte order mark in front, and then counts from behind it.
    if chars.first() == Some(&'\u{feff}') {
        return None;
    }
    let mut tokens = Vec::new();
    let mut kind = Kind::Exact;
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let first = at == 0;
        at += 1;
        match c {
            '*' if chars.get(at) == Some(&'*') => {
                at += 1;
                if chars.get(at) == Some(&'/') {
                    at += 1;
                }
                if at >= chars.len() {
                    kind = if kind == Kind::Exact { Kind::Prefix } else { Kind::Tokens };
                    tokens.push(Token::Rest);
                } else {
                    tokens.push(Token::Deep);
                    kind = Kind::Tokens;
                }
                if first {
                    kind = Kind::Suffix;
                }
            }
            '*' => {
                tokens.push(Token::Star);
                kind = Kind::Tokens;
            }
            '?' => {
                tokens.push(Token::One);
                kind = Kind::Tokens;
            }
            '\\' => {
                // An escaped letter or digit would be a class or an anchor of Go's expressions (`\d`, `\b`).
                let next = chars.get(at).copied();
                if next.is_some_and(|c| c.is_alphanumeric()) {
                    return None;
                }
                tokens.push(Token::Char(next.unwrap_or('\\')));
                at += 1;
                kind = Kind::Tokens;
            }
            '[' => {
                let (class, end) = class(&chars, at)?;
                tokens.push(class);
                at = end;
                kind = Kind::Tokens;
            }
            ']' => {
                tokens.push(Token::Char(']'));
                kind = Kind::Tokens;
            }
            '^' => tokens.push(Token::Never),
            _ => tokens.push(Token::Char(c)),
        }
    }
    // Docker forgets to escape these in the expression that it makes: an alternative, and a count such as `{2}`.
    let counts = |pair: &[char]| matches!(pair, ['{', digit] if digit.is_ascii_digit());
    if kind == Kind::Tokens && (chars.contains(&'|') || chars.windows(2).any(counts)) {
        return None;
    }
    Some(match kind {
        Kind::Exact => Matcher::Exact,
        Kind::Prefix => Matcher::Prefix(chars.iter().take(chars.len() - 2).collect()),
        Kind::Suffix => Matcher::Suffix(chars.iter().skip(2).collect()),
        Kind::Tokens => Matcher::Tokens(tokens),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exact,
    Prefix,
    Suffix,
    Tokens,
}

/// The bracket expression behind `[`, and where it ends.
fn class(chars: &[char], mut at: usize) -> Option<(Token, usize)> {
    let negated = chars.get(at) == Some(&'^');
    if negated {
        at += 1;
    }
    let mut ranges = Vec::new();
    loop {
        let low = match chars.get(at).copied()? {
            ']' if !ranges.is_empty() => return Some((Token::Class { negated, ranges }, at + 1)),
            c => member(c, chars, &mut at)?,
        };
        let mut high = low;
        if chars.get(at) == Some(&'-') && chars.get(at + 1).is_some_and(|c| *c != ']') {
            at += 1;
            high = member(chars.get(at).copied()?, chars, &mut at)?;
        }
        ranges.push((low, high));
    }
}

fn member(c: char, chars: &[char], at: &mut usize) -> Option<char> {
    *at += 1;
    match c {
        '*' | '?' | '[' | ']' | '&' | '~' => None,
        '\\' => {
            let next = chars.get(*at).copied().filter(|c| !c.is_alphanumeric());
            *at += 1;
            next
        }
        c => Some(c),
    }
}

/// Go's `path.Clean`: no empty, `.` or inner `..` elements, no slash at the end.
pub fn clean(path: &str) -> String {
    if is_clean(path) {
        return path.to_string();
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// A path that `clean` would leave as it is. Nearly all are, and a large context has many.
fn is_clean(path: &str) -> bool {
    let inner = path.strip_prefix('/').unwrap_or(path);
    // An element begins where it stands: none may be empty, `.` or `..`.
    let mut begins = true;
    let mut rest = inner.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if begins && matches!(first, b'/' | b'.') {
            let dots = if rest.starts_with(b"..") { 2 } else { usize::from(*first == b'.') };
            if matches!(rest.get(dots), None | Some(b'/')) {
                return false;
            }
        }
        begins = *first == b'/';
        rest = after;
    }
    !begins || path == "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, excluded: &[&str], sent: &[&str]) {
        let patterns = Patterns::parse(text).unwrap();
        for path in excluded {
            assert!(patterns.excludes_path(path), "{text:?} should leave out {path}");
        }
        for path in sent {
            assert!(!patterns.excludes_path(path), "{text:?} should send {path}");
        }
    }

    #[test]
    fn a_pattern_names_a_path_from_the_top_and_all_below_it() {
        check("docs\n", &["docs", "docs/a.md"], &["src/docs", "docs2"]);
        check("/docs/\n", &["docs", "docs/a.md"], &["src/docs"]);
        check("*.md", &["README.md"], &["docs/a.md"]);
        check("*/*.md", &["docs/a.md"], &["README.md", "a/b/c.md"]);
        check("**/*.md", &["README.md", "a/b/c.md"], &["a.mdx"]);
        check("**/node_modules", &["node_modules/x", "a/node_modules/b/c"], &["node_modules2"]);
        check("vendor/**", &["vendor/a", "vendor/a/b"], &["vendor"]);
        check("a/**/z", &["a/z", "a/b/z", "a/b/c/z/y"], &["a/bz"]);
        check("tes?", &["test", "tess/a"], &["tests", "tes"]);
        check("[a-c]x", &["ax", "cx/y"], &["dx"]);
        check("**", &["a", "a/b"], &[]);
    }

    #[test]
    fn the_last_match_wins_and_exceptions_reach_into_directories() {
        check("*.md\n!README.md\n", &["a.md"], &["README.md"]);
        check("!README.md\n*.md\n", &["README.md"], &[]);
        check("docs\n!docs/keep\ndocs/keep/no\n", &["docs/a", "docs/keep/no"], &["docs/keep/a", "docs/keep"]);
        check("*\n!src\n!go.mod\n", &["a", "srcs/x"], &["src/a/b.go", "go.mod"]);
    }

    #[test]
    fn lines_are_read_as_docker_reads_them() {
        check("\u{feff}a  \r\n # b\n#c\n\n./d/../e/\n", &["a", "# b", "e"], &["b", "c", "#c", "d"]);
        check("! a\na\n!  a", &[], &["a"]);
        assert!(Patterns::parse("!\n").is_err());
        assert!(Patterns::parse("[a\n").is_err());
        assert!(Patterns::parse("# only\n\n").unwrap().is_empty());
    }

    #[test]
    fn whole_directories_are_skipped_only_when_nothing_can_return() {
        let returns = |text: &str, dir: &str| Patterns::parse(text).unwrap().may_return_below(dir);
        assert!(!returns("node_modules", "node_modules"));
        assert!(!returns("*\n!src", "node_modules"));
        assert!(returns("*\n!src/a", "src"));
        assert!(returns("*\n!**/*.go", "node_modules"));
        assert!(returns("*\n!s*/a", "src"));
        assert!(!returns("*\n!s*/a", "lib"));
        assert!(returns("a\n!a\na/b\n", "a/b"));
    }

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, want) in [
            ("", "."),
            ("a//b/", "a/b"),
            ("a/../..", ".."),
            ("/..", "/"),
            ("./a", "a"),
            ("/", "/"),
            ("//", "/"),
            ("/a", "/a"),
            ("//a", "/a"),
            ("/a/", "/a"),
            ("a/.", "a"),
            ("a/..", "."),
            (".", "."),
            ("..", ".."),
            ("../a", "../a"),
            ("/.a/..b/...", "/.a/..b/..."),
            ("/.a/..b/../c", "/.a/c"),
        ] {
            assert_eq!(clean(path), want, "{path}");
        }
    }
}
