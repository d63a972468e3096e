//! The wildcard patterns of `${NAME#pattern}` and its relatives: `*`, `?` and backslash escapes, as BuildKit reads them.

/// Longer patterns and values are an accident; BuildKit has no limit.
const MAX_PATTERN: usize = 1000;
const MAX_WORK: usize = 1 << 24;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    Char(char),
}

pub struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// `None` when the pattern is not valid, or too long.
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let token = match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => match chars.next()? {
                    escaped @ ('*' | '?' | '\\' | '}' | '/') => Token::Char(escaped),
                    _ => return None,
                },
                c => Token::Char(c),
            };
            if token != Token::Star || tokens.last() != Some(&Token::Star) {
                tokens.push(token);
            }
        }
        (tokens.len() <= MAX_PATTERN).then_some(Pattern { tokens })
    }

    /// The value without what the pattern matches at its start.
    pub fn trim_start(&self, value: &str, greedy: bool) -> Option<String> {
        let value: Vec<char> = value.chars().collect();
        let end = Search::new(&self.tokens, &value, greedy)?.at(0).unwrap_or(0);
        Some(value.get(end..)?.iter().collect())
    }

    pub fn trim_end(&self, value: &str, greedy: bool) -> Option<String> {
        let tokens: Vec<Token> = self.tokens.iter().rev().copied().collect();
        let value: Vec<char> = value.chars().rev().collect();
        let end = Search::new(&tokens, &value, greedy)?.at(0).unwrap_or(0);
        Some(value.get(end..)?.iter().rev().collect())
    }

    /// The value with the first match, or all of them, replaced.
    pub fn replace(&self, value: &str, replacement: &str, all: bool) -> Option<String> {
        let value: Vec<char> = value.chars().collect();
        let mut search = Search::new(&self.tokens, &value, true)?;
        let mut result = String::new();
        let mut at = 0;
        let mut last_end = None;
        while at <= value.len() {
            match search.at(at) {
                // An empty match right behind another match does not count.
                Some(end) if end > at || last_end != Some(at) => {
                    result.push_str(replacement);
                    last_end = Some(end);
                    if !all {
                        result.extend(value.get(end..)?);
                        return Some(result);
                    }
                    if end == at {
                        result.extend(value.get(at));
                        at += 1;
                    } else {
                        at = end;
                    }
                }
                _ => {
                    result.extend(value.get(at));
                    at += 1;
                }
            }
        }
        Some(result)
    }
}

/// Matches by preference, as a backtracking regular expression does: each star takes as much (greedy) or as little as it can.
struct Search<'a> {
    tokens: &'a [Token],
    value: &'a [char],
    greedy: bool,
    /// Pairs of token and place that are known not to match.
    failed: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(tokens: &'a [Token], value: &'a [char], greedy: bool) -> Option<Search<'a>> {
        let size = (tokens.len() + 1).checked_mul(value.len() + 1)?;
        let work = size.checked_mul(value.len() + 1)?;
        (work <= MAX_WORK).then(|| Search { tokens, value, greedy, failed: vec![false; size] })
    }

    /// Where the match that starts at `at` ends.
    fn at(&mut self, at: usize) -> Option<usize> {
        self.from(0, at)
    }

    fn from(&mut self, token: usize, at: usize) -> Option<usize> {
        let (mut token, mut at) = (token, at);
        let state = token * (self.value.len() + 1) + at;
        if self.failed.get(state).copied().unwrap_or(true) {
            return None;
        }
        let found = loop {
            match self.tokens.get(token) {
                None => break Some(at),
                Some(Token::Star) => break self.star(token + 1, at),
                Some(wanted) => match self.value.get(at) {
                    Some(c) if *wanted == Token::Char(*c) || (*wanted == Token::Any && *c != '\n') => {
                        token += 1;
                        at += 1;
                    }
                    _ => break None,
                },
            }
        };
        if found.is_none()
            && let Some(slot) = self.failed.get_mut(state)
        {
            *slot = true;
        }
        found
    }

    fn star(&mut self, next: usize, at: usize) -> Option<usize> {
        let rest = self.value.get(at..)?;
        let most = at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        if self.greedy {
            (at..=most).rev().find_map(|end| self.from(next, end))
        } else {
            (at..=most).find_map(|end| self.from(next, end))
        }
    }
}
