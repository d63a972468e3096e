//! Comparing what two programs wrote: dates, times and the like are masked, and so is what differs between two runs of
//! the first program.

use regex::bytes::{Regex, RegexBuilder};

/// What changes from run to run with every program.
const MASKS: [&str; 8] = [
    r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?( ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?",
    r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ([A-Z][a-z]{2} +[0-9]{1,2}|[0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4}) [0-9:]{8}( [A-Z]{3,4})?( [0-9]{4})?",
    r"\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?( ?[AP]M)?\b",
    r"\b[0-9]+(\.[0-9]+)?(ns|us|µs|ms)\b",
    r"\b1[5-9][0-9]{8}([0-9]{3}|[0-9]{6}|[0-9]{9})?(\.[0-9]+)?\b",
    r"\b(?i:pid)[ =:]+[0-9]+",
    r":(3[2-9][0-9]{3}|[45][0-9]{4}|6[0-5][0-9]{3})\b",
    r"\b0x[0-9a-fA-F]{6,}\b",
];
/// Output is compared up to here.
const MOST_LINES: usize = 40;

pub(super) struct Masks(Vec<Regex>);

impl Masks {
    pub(super) fn new(own: &[String]) -> Result<Masks, String> {
        let compile = |pattern: &str| RegexBuilder::new(pattern).unicode(false).build();
        let mut masks: Vec<Regex> = MASKS.iter().filter_map(|pattern| compile(pattern).ok()).collect();
        for pattern in own {
            masks.push(compile(pattern).map_err(|error| format!("--mask: {error}"))?);
        }
        Ok(Masks(masks))
    }

    /// The lines of a text, masked.
    pub(super) fn lines(&self, text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for line in text.split(|byte| *byte == b'\n').take(MOST_LINES * 4) {
            let mut line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
            for mask in &self.0 {
                line = mask.replace_all(&line, &b"<masked>"[..]).into_owned();
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            // A stack trace holds addresses and the paths that the build had.
            let trace = line.starts_with("goroutine ") && line.contains('[');
            lines.push(line);
            if trace || lines.len() == MOST_LINES {
                break;
            }
        }
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        lines
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same {
        lines: usize,
        masked: usize,
    },
    /// The first line that differs; None where one side has no such line.
    Different {
        line: usize,
        before: Option<String>,
        after: Option<String>,
    },
}

/// `again` is what the first program wrote when it ran once more. A program that is `cut_off` would have written more:
/// how far it came depends on the time.
pub(super) fn compare(before: &[String], again: Option<&[String]>, after: &[String], cut_off: bool) -> Compared {
    let again = again.unwrap_or(before);
    if before != again && sorted(before) == sorted(again) {
        // Only the order changes from run to run.
        let (before, after) = (sorted(before), sorted(after));
        if before == after {
            return Compared::Same { lines: before.len(), masked: 0 };
        }
    }
    let least = before.len().min(again.len());
    let mut masked = 0;
    for (index, (line, other)) in before.iter().zip(again).enumerate() {
        let Some(new) = after.get(index) else {
            // It is as far as half of the way: a matter of time. Less is a matter of what it does.
            if cut_off && index > 0 && index * 2 >= least {
                return Compared::Same { lines: index, masked };
            }
            return Compared::Different { line: index + 1, before: Some(line.clone()), after: None };
        };
        let (fits, wild) = matches(line, other, new);
        if !fits {
            return Compared::Different { line: index + 1, before: Some(line.clone()), after: Some(new.clone()) };
        }
        masked += usize::from(wild);
    }
    let most = before.len().max(again.len());
    match after.get(most) {
        Some(more) if !cut_off && before.len() == again.len() => {
            Compared::Different { line: most + 1, before: None, after: Some(more.clone()) }
        }
        // It says something where the first says nothing at all: a warning, an error.
        Some(more) if most == 0 => Compared::Different { line: 1, before: None, after: Some(more.clone()) },
        _ => Compared::Same { lines: least.min(after.len()), masked },
    }
}

fn sorted(lines: &[String]) -> Vec<&String> {
    let mut lines: Vec<&String> = lines.iter().collect();
    lines.sort();
    lines
}

/// Whether a line is as the two that came from the same program, and whether these differ.
fn matches(line: &str, again: &str, new: &str) -> (bool, bool) {
    if line == again {
        return (line == new, false);
    }
    let (old, other, new) = (tokens(line), tokens(again), tokens(new));
    if old.len() != other.len() {
        return (true, true);
    }
    let fits = old.len() == new.len()
        && old.iter().zip(&other).zip(&new).all(|((old, other), new)| old != other || old == new);
    (fits, true)
}

/// Words and single characters.
fn tokens(line: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, char) in line.char_indices() {
        let word = char.is_alphanumeric() || char == '_';
        if at > start && !(word && in_word) {
            tokens.extend(line.get(start..at));
            start = at;
        }
        in_word = word;
    }
    tokens.extend(line.get(start..).filter(|rest| !rest.is_empty()));
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        Masks::new(&[r"id=\w+".into()]).unwrap().lines(text.as_bytes())
    }

    #[test]
    fn dates_times_and_the_like_are_masked() {
        for (text, want) in [
            ("2026/11/21 01:48:44 up", "<masked> up"),
            ("2026-11-21T01:48:44.123Z up", "<masked> up"),
            ("time=2026-11-21T01:48:44+01:00", "time=<masked>"),
            ("Date: Sat, 21 Nov 2026 01:48:44 GMT", "Date: <masked>"),
            ("Sat Nov 21 01:48:44 UTC 2026", "<masked>"),
            ("took 1.5ms", "took <masked>"),
            ("took 12µs", "took <masked>"),
            ("ts 1795225724", "ts <masked>"),
            ("pid 17 started", "<masked> started"),
            ("from 127.0.0.1:43210", "from 127.0.0.1<masked>"),
            ("on :8080", "on :8080"),
            ("version 1.2.3", "version 1.2.3"),
            ("id=a1b2 x", "<masked> x"),
            ("at 0xc000123456", "at <masked>"),
        ] {
            assert_eq!(lines(text), [want], "{text}");
        }
        assert_eq!(lines("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:7 +0x1d\n").len(), 3);
        assert!(Masks::new(&["(".into()]).err().unwrap().starts_with("--mask: "));
    }

    #[test]
    fn lines_are_compared_up_to_what_the_first_program_does_not_repeat() {
        let same = |lines, masked| Compared::Same { lines, masked };
        let differs = |line, before: Option<&str>, after: Option<&str>| Compared::Different {
            line,
            before: before.map(str::to_string),
            after: after.map(str::to_string),
        };
        for (before, again, after, cut_off, want) in [
            ("a\nb", "a\nb", "a\nb", false, same(2, 0)),
            ("", "", "", false, same(0, 0)),
            ("a\nb", "a\nb", "a\nc", false, differs(2, Some("b"), Some("c"))),
            ("a\nb", "a\nb", "a", false, differs(2, Some("b"), None)),
            ("a", "a", "a\nb", false, differs(2, None, Some("b"))),
            ("", "", "oops", true, differs(1, None, Some("oops"))),
            ("n=17 ok", "n=44 ok", "n=3 ok", false, same(1, 1)),
            ("n=17 ok", "n=44 ok", "n=3 bad", false, differs(1, Some("n=17 ok"), Some("n=3 bad"))),
            ("a b", "a b c", "x", false, same(1, 1)),
            ("a\nb\nc", "b\na\nc", "c\nb\na", false, same(3, 0)),
            ("t\nt\nt\nt", "t\nt\nt", "t\nt", true, same(2, 0)),
            ("t\nt\nt\nt", "t\nt\nt\nt", "t", true, differs(2, Some("t"), None)),
            ("t\nt", "t\nt\nt", "t\nt\nt\nt", true, same(2, 0)),
        ] {
            assert_eq!(
                compare(&lines(before), Some(&lines(again)), &lines(after), cut_off),
                want,
                "{before:?} {after:?}"
            );
        }
    }
}
