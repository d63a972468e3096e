//! A label that is not an RFC 3339 time.

use super::support::labels::{is_rfc3339, wrong_values};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::LabelKind;

pub static RULE: Rule = Rule {
    slug: "label-not-rfc3339",
    aliases: &["DL3053"],
    summary: "a label that the schema has as an RFC 3339 time is none",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/label-not-rfc3339.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(wrong_values(cx, LabelKind::Rfc3339, "RFC 3339 time", is_rfc3339));
}
