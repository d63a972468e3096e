//! Wildcards of COPY sources and Go programs: Go's `filepath.Match`, on paths with `/`.

/// Whether the pattern is well formed.
pub fn valid(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.next().is_none() => return false,
            '[' => {
                if rest.peek() == Some(&'^') {
                    rest.next();
                }
                let mut count = 0;
                loop {
                    if rest.peek() == Some(&']') && count > 0 {
                        rest.next();
                        break;
                    }
                    if !member(&mut rest) {
                        return false;
                    }
                    if rest.peek() == Some(&'-') {
                        rest.next();
                        if !member(&mut rest) {
                            return false;
                        }
                    }
                    count += 1;
                }
            }
            _ => {}
        }
    }
    true
}

fn member(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    match rest.next() {
        None | Some('-' | ']') => false,
        // The character after a member must exist: the bracket has to be closed.
        Some('\\') => rest.next().is_some() && rest.peek().is_some(),
        Some(_) => rest.peek().is_some(),
    }
}

pub fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '\\'])
}

/// `filepath.Match`: the whole name; `*` and `?` do not match `/`. A malformed pattern matches nothing.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    walk(&pattern, &name)
}

fn walk(pattern: &[char], name: &[char]) -> bool {
    let mut pattern = pattern;
    let mut name = name;
    // The last star and the name where it began: on a mismatch it takes one more character.
    let mut back: Option<(&[char], &[char])> = None;
    loop {
        if let Some(('*', rest)) = split(pattern) {
            back = Some((rest, name));
            pattern = rest;
            continue;
        }
        let stepped = match (pattern.is_empty(), name.first()) {
            (true, None) => return true,
            (false, Some(first)) => one(pattern, *first),
            _ => None,
        };
        match stepped {
            Some(rest) => {
                pattern = rest;
                name = name.get(1..).unwrap_or_default();
            }
            None => {
                let Some((after, from)) = back else { return false };
                match split(from) {
                    Some((c, rest)) if c != '/' => {
                        back = Some((after, rest));
                        pattern = after;
                        name = rest;
                    }
                    _ => return false,
                }
            }
        }
    }
}

fn split(text: &[char]) -> Option<(char, &[char])> {
    text.split_first().map(|(first, rest)| (*first, rest))
}

/// The pattern behind its first element when that matches the character.
fn one(pattern: &[char], c: char) -> Option<&[char]> {
    let (first, rest) = split(pattern)?;
    match first {
        '?' => (c != '/').then_some(rest),
        '\\' => split(rest).filter(|(escaped, _)| *escaped == c).map(|(_, rest)| rest),
        '[' => {
            let (negated, mut rest) = match rest.strip_prefix(&['^']) {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let mut found = false;
            let mut count = 0;
            loop {
                if count > 0
                    && let Some(after) = rest.strip_prefix(&[']'])
                {
                    return (found != negated).then_some(after);
                }
                let (low, after) = literal(rest)?;
                let (high, after) = match after.strip_prefix(&['-']) {
                    Some(after) => literal(after)?,
                    None => (low, after),
                };
                found |= low <= c && c <= high;
                rest = after;
                count += 1;
            }
        }
        first => (first == c).then_some(rest),
    }
}

fn literal(text: &[char]) -> Option<(char, &[char])> {
    match split(text)? {
        ('\\', rest) => split(rest),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_go() {
        for (pattern, name, want) in [
            ("*", "a.go", true),
            ("*", "a/b", false),
            ("*.go", "main.go", true),
            ("*/*.go", "a/main.go", true),
            ("go.*", "go.mod", true),
            ("go.su[m]", "go.sum", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[^a]x", "bx", true),
            ("[^a]x", "ax", false),
            ("[a-c]*", "cat", true),
            ("\\*", "*", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyyd", false),
            ("[a", "a", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} on {name}");
        }
    }

    #[test]
    fn malformed_patterns_are_told() {
        for pattern in ["[", "[a", "[]a]", "[-x]", "[x-]", "\\", "a["] {
            assert!(!valid(pattern), "{pattern}");
        }
        for pattern in ["", "[a-c]", "[^x]", "\\[", "*", "a]"] {
            assert!(valid(pattern), "{pattern}");
        }
    }
}
