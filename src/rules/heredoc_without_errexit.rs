//! RUN with a heredoc whose shell goes on after a failing command.

use super::support::Run;
use super::support::calls::all_runs;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::shell::{Dialect, Joiner, ShellCommand};
use crate::syntax::{Body, Command};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "heredoc-without-errexit",
    aliases: &[],
    summary: "a command in the middle of a heredoc may fail unseen",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/heredoc-without-errexit.md"),
    check,
};

/// Commands that do not fail, or whose failure is the answer to a question.
const HARMLESS: &[&str] =
    &["", ":", "[", "[[", "echo", "export", "exit", "printf", "set", "shopt", "test", "trap", "true", "umask"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let [heredoc] = run.instruction.heredocs.as_slice() else { continue };
        let bourne = matches!(run.script.dialect, Dialect::Posix | Dialect::Bash);
        if !bourne || !is_script(cx, &run) || stops(&run) {
            continue;
        }
        let Some(lost) = lost(&run) else { continue };
        let found = Diagnostic::at(lost.span, "when this fails, the script goes on: a heredoc has no errexit")
            .help("begin the script with set -e");
        let body = cx.source.slice(heredoc.body);
        let shebang = body.starts_with("#!").then(|| body.find('\n')).flatten().map_or(0, |end| end as u32 + 1);
        let edit = Edit::insert(heredoc.body.start + shebang, format!("set -e{}", cx.source.line_ending()));
        out.push(match run.editable() {
            true => found.fix(Applicability::Unsafe, "Begin the script with set -e", vec![edit]),
            false => found,
        });
    }
}

/// The heredoc is the script: `RUN <<EOF`, `RUN bash <<EOF`.
fn is_script(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let (Body::Run(Command::Shell(_)), Some(heredoc)) = (&run.instruction.body, run.instruction.heredocs.first())
    else {
        return false;
    };
    let before =
        cx.source.slice(Span::new(run.instruction.args.start, heredoc.marker.start.max(run.instruction.args.start)));
    let line = cx.source.line_span(cx.source.line_of(heredoc.marker.end)).end;
    let after = cx.source.slice(Span::new(heredoc.marker.end, line.max(heredoc.marker.end))).trim();
    let shell = matches!(before.trim(), "" | "sh" | "bash" | "/bin/sh" | "/bin/bash" | "/usr/bin/bash");
    shell && after.is_empty()
}

/// The shell stops at the first failure, by its own options or by those of SHELL.
fn stops(run: &Run<'_>) -> bool {
    let body_starts_shell =
        run.instruction.args.start == run.instruction.heredocs.first().map_or(0, |it| it.marker.start);
    (body_starts_shell && run.shell_has_errexit()) || run.script_has_errexit()
}

/// A command that may fail, with others behind it that run all the same.
fn lost<'a>(run: &Run<'a>) -> Option<&'a ShellCommand> {
    let top: Vec<&ShellCommand> = run.script.commands.iter().filter(|cmd| cmd.depth == 0).collect();
    top.windows(2).find_map(|pair| match pair {
        [first, next] => {
            let ends = matches!(next.joiner, Joiner::Newline | Joiner::Semi);
            let may_fail = !HARMLESS.contains(&first.name.text.as_str()) && !first.negated;
            // `a || true` has been thought about.
            (ends && may_fail && first.joiner != Joiner::Or && !first.conditional).then_some(*first)
        }
        _ => None,
    })
}
