//! Several files copied to a path that is no directory.

use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "copy-to-non-directory",
    aliases: &["DL3021"],
    summary: "several files are copied to a path that is no directory",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/copy-to-non-directory.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let Body::Copy(transfer) = &instruction.body else { continue };
        if transfer.sources.len() < 2 {
            continue;
        }
        let Some(dest) = value(cx, &step.env, &transfer.dest) else { continue };
        let last = dest.rsplit(['/', '\\']).next().unwrap_or_default();
        let directory = matches!(last, "" | "." | "..") || (stage.windows && dest.ends_with('\\'));
        if directory {
            continue;
        }
        let found = Diagnostic::at(transfer.dest.span, format!("`{dest}` does not say that it is a directory"))
            .help("end it in `/`: several sources need a directory");
        let plain = cx.source.slice(transfer.dest.span) == dest;
        out.push(match plain {
            true => found.fix(
                Applicability::Unsafe,
                "End the destination in a slash",
                vec![Edit::insert(transfer.dest.span.end, "/")],
            ),
            false => found,
        });
    }
}
