//! The last USER is root.

use super::support::instructions::value_or_written;
use super::support::stages::last_in_chain;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::{Body, Keyword};

pub static RULE: Rule = Rule {
    slug: "root-user",
    aliases: &["DL3002"],
    summary: "the image runs as root although USER is used",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/root-user.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| stage.ships && !stage.windows) {
        let Some((step, instruction)) = last_in_chain(cx, stage, Keyword::User) else { continue };
        let Body::User(user) = &instruction.body else { continue };
        let user = value_or_written(cx, &step.env, user);
        let name = user.split(':').next().unwrap_or(&user);
        // Two stages may stand on the same one.
        let told = out.iter().any(|found| found.span == instruction.content);
        if matches!(name, "root" | "0") && !told {
            out.push(
                Diagnostic::at(instruction.content, "the image runs as root")
                    .help("end with a USER of its own, if the program can do without root"),
            );
        }
    }
}
