//! COPY to a relative path without WORKDIR.

use super::support::chain;
use super::support::instructions::{is_rooted, triggered};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "relative-copy-destination",
    aliases: &["DL3045"],
    summary: "COPY to a relative path in a stage that sets no WORKDIR",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/relative-copy-destination.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let below = chain(cx, stage).into_iter().filter(|below| below.id != stage.id);
        let is_workdir = |body: &Body| matches!(body, Body::Workdir(_));
        let mut set = below
            .flat_map(|below| below.instructions(cx.dockerfile))
            .any(|(_, instruction)| is_workdir(&triggered(instruction).body));
        for (_, instruction) in stage.instructions(cx.dockerfile) {
            let instruction = triggered(instruction);
            set |= is_workdir(&instruction.body);
            let Body::Copy(transfer) = &instruction.body else { continue };
            let dest = transfer.dest.text.as_str();
            if set || is_rooted(dest) || dest.is_empty() {
                continue;
            }
            out.push(
                Diagnostic::at(
                    transfer.dest.span,
                    format!("`{dest}` is relative to a directory that the file does not set"),
                )
                .help("set WORKDIR before, or write the whole path"),
            );
        }
    }
}
