//! wget without a choice of output.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "wget-progress",
    aliases: &["DL3047"],
    summary: "wget fills the log with its progress",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/wget-progress.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_loud, |_| {
        ("wget writes its progress into the log of the build".to_string(), "add -nv or --progress=dot:giga")
    });
}

fn is_loud(cmd: &ShellCommand) -> bool {
    let long = ["--progress", "--quiet", "--no-verbose", "--output-file", "--append-output", "--version", "--help"];
    let short = ['q', 'o', 'a', 'V', 'h'].iter().any(|letter| cmd.has_short(*letter));
    let told = cmd.args.iter().any(|arg| arg.text == "-nv" || arg.text.starts_with("-nv"));
    cmd.name.text == "wget" && !cmd.has_flag(&long) && !short && !told
}
