//! ENV or LABEL in the old form.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Instruction, KeyValue};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "legacy-key-value-format",
    aliases: &["LegacyKeyValueFormat"],
    summary: "ENV or LABEL without an equals sign",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/legacy-key-value-format.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let (Body::Env(pairs) | Body::Label(pairs)) = &instruction.body else { continue };
        let (true, [pair]) = (pairs.legacy, pairs.pairs.as_slice()) else { continue };
        let name = &instruction.name.text;
        let found = Diagnostic::at(instruction.content, format!("{name} without `=` is deprecated"))
            .help(format!("write {name} {}=...", pair.key.text));
        out.push(match equals(cx, instruction, pair) {
            Some(edit) => found.fix(Applicability::Safe, "Put an equals sign", vec![edit]),
            None => found,
        });
    }
}

/// The edit from behind the key to the end of the value; `None` where the value means something else behind `=`.
fn equals(cx: &Context<'_>, instruction: &Instruction, pair: &KeyValue) -> Option<Edit> {
    let value = pair.value.as_ref()?;
    // What stands there must be the value as it is written, on one line.
    if !instruction.pieces.is_empty() || cx.source.slice(value.span) != value.text {
        return None;
    }
    let text = value.text.as_str();
    let escape = cx.dockerfile.escape;
    let bare = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'') && c != escape;
    let written = if !text.is_empty() && text.chars().all(bare) {
        text.to_string()
    } else if is_one_quoted(text, escape) {
        // Quotes around the whole value are taken off in both forms.
        text.to_string()
    } else if text.chars().all(|c| !c.is_control() && (bare(c) || c == ' ')) && !text.is_empty() && !text.contains("${")
    {
        format!("\"{text}\"")
    } else {
        return None;
    };
    Some(Edit::replace(Span::new(pair.key.span.end, value.span.end), format!("={written}")))
}

/// `"..."` or `'...'` with nothing special inside.
fn is_one_quoted(text: &str, escape: char) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains(['"', '\'', escape]))
    })
}
