//! A label that is not a git hash.

use super::support::labels::{is_git_hash, wrong_values};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::settings::LabelKind;

pub static RULE: Rule = Rule {
    slug: "label-not-git-hash",
    aliases: &["DL3055"],
    summary: "a label that the schema has as a git hash is none",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/label-not-git-hash.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(wrong_values(cx, LabelKind::GitHash, "git hash", is_git_hash));
}
