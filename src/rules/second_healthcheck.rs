//! The second HEALTHCHECK of a stage.

use super::support::stages::repeated;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "second-healthcheck",
    aliases: &["DL3012"],
    summary: "a stage has another HEALTHCHECK already",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/second-healthcheck.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(repeated(cx, Keyword::Healthcheck));
}
