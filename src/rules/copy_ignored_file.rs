//! COPY of an ignored file.

use super::support::instructions::context_paths;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "copy-ignored-file",
    aliases: &["CopyIgnoredFile"],
    summary: "COPY or ADD of a file that .dockerignore keeps out",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/copy-ignored-file.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let Some(ignore) = cx.build_context.map(|context| &context.ignore) else { return };
    for (path, word) in context_paths(cx) {
        // Some file that the pattern means may be let through.
        if matches!(path, "" | ".") || path.contains(['*', '?', '[']) || ignore.may_return_below(path) {
            continue;
        }
        if ignore.excludes_path(path) {
            out.push(
                Diagnostic::at(word.span, format!("`{path}` is kept out by .dockerignore"))
                    .help("the build will not find it: let it through with `!`, or copy another path"),
            );
        }
    }
}
