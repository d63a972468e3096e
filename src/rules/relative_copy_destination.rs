//! COPY to a relative path in a stage that sets no WORKDIR.

use super::support::instructions::{is_rooted, steps, workdir_is_set};
use super::support::normal;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "relative-copy-destination",
    aliases: &["DL3045"],
    summary: "COPY to a relative path in a stage that sets no WORKDIR",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/relative-copy-destination.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let Body::Copy(transfer) = &instruction.body else { continue };
        let dest = transfer.dest.text.as_str();
        if is_rooted(dest) || dest.is_empty() || workdir_is_set(cx, stage, step.inst) {
            continue;
        }
        let message = format!("`{dest}` is relative to a directory that the file does not set");
        let found = Diagnostic::at(transfer.dest.span, message).help("set WORKDIR before, or write the whole path");
        let plain = dest.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let seen = stage.facts().is_some_and(|facts| facts.seen);
        let applicability = if seen { Applicability::Safe } else { Applicability::Unsafe };
        out.push(
            match step.workdir.as_deref().filter(|_| plain && !stage.windows && !step.onbuild && !transfer.json) {
                Some(dir) => {
                    let whole = normal(&format!("{dir}/{dest}"));
                    // `./` and `lib/` are directories, and stay so.
                    let slash = if (dest.ends_with('/') || dest.ends_with('.')) && whole != "/" { "/" } else { "" };
                    let edit = Edit::replace(transfer.dest.span, format!("{whole}{slash}"));
                    found.fix(applicability, "Write the whole path", vec![edit])
                }
                None => found,
            },
        );
    }
}
