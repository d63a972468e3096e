//! Commands of RUN joined by `;` in a shell without errexit.

use super::support::calls::all_runs;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::{Dialect, Joiner, ShellCommand};

pub static RULE: Rule = Rule {
    slug: "failure-lost",
    aliases: &[],
    summary: "a command may fail unseen, since `;` goes on behind it",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/failure-lost.md"),
    check,
};

const HARMLESS: &[&str] =
    &["", ":", "[", "[[", "echo", "exit", "export", "printf", "set", "shopt", "test", "trap", "true", "umask"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let bourne = matches!(run.script.dialect, Dialect::Posix | Dialect::Bash);
        // Heredocs have a rule of their own.
        let stops = run.shell_has_errexit() || run.script_has_errexit();
        if !bourne || stops || !run.instruction.heredocs.is_empty() || run.script.opaque.is_some() {
            continue;
        }
        let top: Vec<&ShellCommand> = run.script.commands.iter().filter(|cmd| cmd.depth == 0).collect();
        let lost = top.windows(2).find_map(|pair| match pair {
            [first, next] => {
                let may_fail = !HARMLESS.contains(&first.name.text.as_str()) && !first.negated && !first.conditional;
                (next.joiner == Joiner::Semi && may_fail && first.joiner != Joiner::Or).then_some(*first)
            }
            _ => None,
        });
        if let Some(cmd) = lost {
            out.push(
                Diagnostic::at(cmd.span, "when this fails, the build goes on: `;` follows")
                    .help("join commands with &&, or begin with set -e"),
            );
        }
    }
}
