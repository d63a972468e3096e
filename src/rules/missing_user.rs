//! An image without USER.

use super::support::from_span;
use super::support::stages::last_in_chain;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "missing-user",
    aliases: &[],
    summary: "the image runs as root, since no USER says otherwise",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/missing-user.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| stage.ships && !stage.windows) {
        // A base of its own user is told by its config; of a base that is not known nothing is said.
        let root = stage.config.base_known
            && stage.config.user.as_deref().is_none_or(|user| matches!(user, "" | "root" | "0" | "0:0"));
        if root && last_in_chain(cx, stage, Keyword::User).is_none() {
            out.push(
                Diagnostic::at(from_span(cx, stage), "the image runs as root: neither it nor its base sets a USER")
                    .help("end with a USER of its own, if the program can do without root"),
            );
        }
    }
}
