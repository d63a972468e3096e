//! A stage name with capital letters.

use super::support::instructions::triggered;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Word};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "stage-name-casing",
    aliases: &["StageNameCasing"],
    summary: "a stage name has capital letters",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/stage-name-casing.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for name in cx.model.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if !name.text.chars().any(char::is_uppercase) {
            continue;
        }
        let found = Diagnostic::at(name.span, format!("the stage name `{}` has capital letters", name.text))
            .help("stage names are compared without case; write them in lower case");
        let lower = name.text.to_lowercase();
        out.push(match renames(cx, name, &lower) {
            Some(edits) => found.fix(Applicability::Safe, format!("Call the stage `{lower}`"), edits),
            None => found,
        });
    }
}

/// The edits that rename the stage wherever the file names it; `None` where one of the places is not plain text.
fn renames(cx: &Context<'_>, name: &Word, lower: &str) -> Option<Vec<Edit>> {
    let mut places = Vec::new();
    for (_, instruction) in cx.dockerfile.instructions() {
        let instruction = triggered(instruction);
        if let Body::From { image, alias } = &instruction.body {
            places.extend(alias.as_ref().map(|alias| (alias.span, alias.text.as_str())));
            places.push((image.span, image.text.as_str()));
        }
        let from = instruction.flag("from").and_then(|flag| flag.value.as_ref());
        places.extend(from.map(|value| (value.span, value.text.as_str())));
        for field in instruction.flags.iter().flat_map(|flag| &flag.fields).filter(|field| field.key.text == "from") {
            places.extend(field.value.as_ref().map(|value| (value.span, value.text.as_str())));
        }
    }
    let mut edits = Vec::new();
    for (span, text) in places.into_iter().filter(|(_, text)| text.eq_ignore_ascii_case(&name.text)) {
        if cx.source.slice(span) != text {
            return None;
        }
        if text != lower {
            edits.push(Edit::replace(span, lower));
        }
    }
    Some(edits)
}
