//! A label that is not an e-mail address.

use super::support::labels::{is_email, wrong_values};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::LabelKind;

pub static RULE: Rule = Rule {
    slug: "label-not-email",
    aliases: &["DL3058"],
    summary: "a label that the schema has as an e-mail address is none",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/label-not-email.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(wrong_values(cx, LabelKind::Email, "e-mail address", is_email));
}
