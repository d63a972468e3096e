//! The second CMD of a stage.

use super::support::stages::repeated;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "second-cmd",
    aliases: &["DL4003"],
    summary: "a stage has another CMD already",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/second-cmd.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(repeated(cx, Keyword::Cmd));
}
