//! AS in another case than FROM.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "from-as-casing",
    aliases: &["FromAsCasing"],
    summary: "AS is written in another case than its FROM",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Always,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/from-as-casing.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, instruction) in cx.dockerfile.instructions() {
        let Body::From { image, alias: Some(alias) } = &instruction.body else { continue };
        // Between the two may stand continuations and comments.
        let between = Span::new(image.span.end.min(alias.span.start), alias.span.start);
        let Some(at) = cx.source.slice(between).to_ascii_lowercase().rfind("as") else { continue };
        let start = between.start + at as u32;
        let span = Span::new(start, start + 2);
        let (from, written) = (instruction.name.text.as_str(), cx.source.slice(span));
        // FROM in mixed case is for another rule to tell.
        let wanted = match (from.to_ascii_uppercase() == from, from.to_ascii_lowercase() == from) {
            (true, _) => "AS",
            (_, true) => "as",
            _ => continue,
        };
        if written != wanted {
            out.push(
                Diagnostic::at(span, format!("`{written}` is written in another case than `{from}`"))
                    .help(format!("write `{wanted}`"))
                    .fix(Applicability::Safe, format!("Write `{wanted}`"), vec![Edit::replace(span, wanted)]),
            );
        }
    }
}
