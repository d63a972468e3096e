//! MAINTAINER instead of a label.

use super::support::instructions::{all, renamed};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Instruction};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "maintainer-deprecated",
    aliases: &["MaintainerDeprecated", "DL4000"],
    summary: "MAINTAINER is deprecated",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/maintainer-deprecated.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let Body::Maintainer(_) = &instruction.body else { continue };
        let found = Diagnostic::at(instruction.content, "MAINTAINER is deprecated")
            .help("use LABEL org.opencontainers.image.authors=\"...\"");
        // A label that is there already would be overwritten.
        let labelled = cx.source.text.contains("org.opencontainers.image.authors");
        out.push(match label(cx, instruction).filter(|_| !labelled) {
            Some(edits) => found.fix(Applicability::Unsafe, "Use a label", edits),
            None => found,
        });
    }
}

/// `None` where the name is not plain text on one line.
fn label(cx: &Context<'_>, instruction: &Instruction) -> Option<Vec<Edit>> {
    let written = cx.source.slice(instruction.args);
    let name = match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner,
        None => written,
    };
    let plain = !name.is_empty() && !name.contains(['"', '\\', '$', '`', '\n', '\r']) && instruction.pieces.is_empty();
    let text = format!("org.opencontainers.image.authors=\"{name}\"");
    plain.then(|| vec![renamed(instruction, "LABEL"), Edit::replace(instruction.args, text)])
}
