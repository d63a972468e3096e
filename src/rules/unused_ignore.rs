//! A comment that ignores what is not there. `lint` finds it, which knows what comments hide.

use super::{Category, FixAvailability, Rule};
use crate::diagnostic::Severity;

pub static RULE: Rule = Rule {
    slug: "unused-ignore",
    aliases: &[],
    summary: "a comment ignores a finding that is not there",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::Always,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/unused-ignore.md"),
    check: |_, _| {},
};
