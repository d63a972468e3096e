//! A label key that Docker advises against.

use super::support::labels::labels;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

/// Kept by Docker for itself.
const RESERVED: &[&str] = &["com.docker.", "io.docker.", "org.dockerproject."];

pub static RULE: Rule = Rule {
    slug: "invalid-label-key",
    aliases: &["DL3048"],
    summary: "a label has a key that Docker advises against",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/invalid-label-key.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, pairs) in labels(cx) {
        let Some((name, pair, why)) = pairs.into_iter().find_map(|(name, pair)| Some((name, pair, wrong(name)?)))
        else {
            continue;
        };
        out.push(
            Diagnostic::at(pair.key.span, format!("the label key `{name}` {why}"))
                .help("use lower-case words with dots and dashes between them, as in `org.example.team-name`"),
        );
    }
}

fn wrong(key: &str) -> Option<&'static str> {
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    // What the key will be is for the build to say.
    if key.starts_with('$') || key.contains("${") || key.is_empty() {
        return None;
    }
    if RESERVED.iter().any(|start| key.starts_with(start)) {
        Some("begins with a name that Docker keeps for itself")
    } else if !key.chars().all(|c| end(c) || matches!(c, '.' | '-' | '_' | '/')) {
        Some("has other characters than a-z, 0-9, dots and dashes")
    } else if !key.starts_with(|c: char| c.is_ascii_lowercase()) || !key.ends_with(end) {
        Some("does not begin with a letter and end in a letter or digit")
    } else if key.contains("..") || key.contains("--") {
        Some("has two separators in a row")
    } else {
        None
    }
}
