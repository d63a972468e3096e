//! curl that stores what it gets, without --fail.

use super::support::calls::{all_runs, commands, editable};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "curl-without-fail",
    aliases: &[],
    summary: "curl takes the error page of a server for the file",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/curl-without-fail.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // A configuration may say so for all of them.
    if cx.source.text.contains(".curlrc") {
        return;
    }
    for run in all_runs(cx) {
        for cmd in commands(&run).filter(|cmd| cmd.name.text == "curl") {
            let fails = cmd.has_short('f') || cmd.has_flag(&["--fail", "--fail-with-body", "--fail-early"]);
            let asks = cmd.has_short('I')
                || cmd.has_short('w')
                || cmd.has_short('V')
                || cmd.has_short('K')
                || cmd.has_flag(&["--head", "--write-out", "--version", "--config", "--help"]);
            let url = cmd.args.iter().any(|arg| arg.text.contains("://"));
            let stores = cmd.has_short('o')
                || cmd.has_short('O')
                || cmd.has_flag(&["--output", "--remote-name", "--remote-name-all"])
                || cmd.redirects.iter().any(|redirect| redirect.operator.starts_with('>'));
            if fails || asks || !url || !stores {
                continue;
            }
            let found =
                Diagnostic::at(cmd.span, "when the server answers with an error, its page is stored as the file")
                    .help("add -f: curl then fails, and the build with it");
            out.push(match editable(&run, cmd) && cmd.name.literal {
                true => found.fix(Applicability::Unsafe, "Add -f", vec![Edit::insert(cmd.name.span.end, " -f")]),
                false => found,
            });
        }
    }
}
