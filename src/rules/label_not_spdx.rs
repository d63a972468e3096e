//! A label that is not an SPDX license id.

use super::support::labels::{is_spdx, wrong_values};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::LabelKind;

pub static RULE: Rule = Rule {
    slug: "label-not-spdx",
    aliases: &["DL3054"],
    summary: "a label that the schema has as an SPDX license id is none",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/label-not-spdx.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(wrong_values(cx, LabelKind::Spdx, "SPDX license id", is_spdx));
}
