//! A label that is not a semantic version.

use super::support::labels::{is_semver, wrong_values};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::LabelKind;

pub static RULE: Rule = Rule {
    slug: "label-not-semver",
    aliases: &["DL3056"],
    summary: "a label that the schema has as a semantic version is none",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/label-not-semver.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(wrong_values(cx, LabelKind::Semver, "semantic version", is_semver));
}
