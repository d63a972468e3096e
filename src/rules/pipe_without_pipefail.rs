//! A pipe in a shell without pipefail.

use super::support::Run;
use super::support::calls::{all_runs, commands};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::PackageManager;
use crate::shell::{Dialect, Joiner};

pub static RULE: Rule = Rule {
    slug: "pipe-without-pipefail",
    aliases: &["DL4006"],
    summary: "a pipe whose first command may fail unseen",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/pipe-without-pipefail.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let bourne = matches!(run.script.dialect, Dialect::Posix | Dialect::Bash);
        if !bourne || set_by_shell(&run) || set_by_script(cx, &run) {
            continue;
        }
        if let Some(cmd) = commands(&run).find(|cmd| cmd.joiner == Joiner::Pipe) {
            out.push(
                Diagnostic::at(cmd.span, "when the command before the pipe fails, the build goes on")
                    .help("set -o pipefail, in the script or by SHELL, in a shell that knows it"),
            );
        }
    }
}

/// SHELL starts a shell that knows pipefail with it.
fn set_by_shell(run: &Run<'_>) -> bool {
    let words = &run.step.shell.words;
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    // The sh of Alpine is one that knows it.
    let busybox = run.stage.facts().is_some_and(|facts| facts.package_manager == Some(PackageManager::Apk));
    let knows = matches!(program, "bash" | "zsh" | "ash" | "ksh") || (program == "sh" && busybox);
    knows && words.iter().any(|word| word == "pipefail")
}

/// The script sets it, or hands it to the shell that it starts.
fn set_by_script(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let text = || cx.source.slice(run.instruction.content);
    run.script.options.iter().any(|option| option == "pipefail") || text().contains("pipefail")
}
