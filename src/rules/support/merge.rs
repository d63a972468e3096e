//! Several RUN instructions that stand next to each other, made one.

use super::{Run, Style, known, style};
use crate::diagnostic::Applicability;
use crate::rules::Context;
use crate::shell::{Joiner, ShellCommand};
use crate::syntax::Item;
use crate::text::{Edit, Span};

/// More than this in one go is a change of the author's caching that nobody asked for.
const MOST: usize = 4;

/// What a shell keeps for the commands that follow; harmless where the RUN ends, felt where it goes on.
const STATE: &[&str] = &[
    ".", "alias", "bg", "declare", "enable", "eval", "exec", "exit", "export", "hash", "kill", "local", "popd",
    "pushd", "read", "readonly", "return", "shift", "shopt", "source", "trap", "typeset", "ulimit", "umask", "unalias",
    "unset", "wait",
];

/// Programs whose arguments name packages, users or options, so that the working directory does not matter to them.
const ANYWHERE: &[&str] = &[
    "addgroup", "adduser", "apk", "apt-get", "dnf", "groupadd", "ldconfig", "microdnf", "useradd", "usermod", "yum",
    "zypper",
];

/// Both stand next to each other: only comments and blank lines are between them.
pub fn adjacent(cx: &Context<'_>, first: &Run<'_>, second: &Run<'_>) -> bool {
    let between = first.step.inst.0 as usize + 1..second.step.inst.0 as usize;
    first.step.inst < second.step.inst
        && cx
            .dockerfile
            .items
            .get(between)
            .is_some_and(|items| items.iter().all(|item| matches!(item, Item::Blank(_) | Item::Comment(_))))
}

/// For each RUN the index of the first one of those that it stands together with.
pub fn groups(cx: &Context<'_>, runs: &[Run<'_>]) -> Vec<usize> {
    let mut first = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| Some((runs.get(before)?, *first.get(before)?)));
        first.push(match before {
            Some((before, group)) if adjacent(cx, before, run) => group,
            _ => index,
        });
    }
    first
}

/// The edits that join the RUNs, which stand next to each other in this order; `None` where the result might differ in
/// a way that is not understood. Safe when no command is of the author's making.
pub fn merge(cx: &Context<'_>, runs: &[Run<'_>]) -> Option<(Applicability, Vec<Edit>)> {
    if runs.len() < 2 || runs.len() > MOST {
        return None;
    }
    let mut edits = Vec::new();
    for (index, pair) in runs.windows(2).enumerate() {
        let [first, second] = pair else { return None };
        let before = runs.get(..=index)?;
        if !adjacent(cx, first, second) || !joinable(cx, first, second) || before.iter().any(|run| leaks(run, second)) {
            return None;
        }
        // Inside an instruction other linters do not read their ignore comments.
        let between = Span::new(first.instruction.span.end, second.instruction.span.start);
        if super::instructions::speaks_to_a_linter(cx.source.slice(between)) {
            return None;
        }
        edits.extend(join(cx, runs, first, second)?);
    }
    let plain = runs.iter().all(|run| known::all(run.script, known::plain));
    Some((if plain { Applicability::Safe } else { Applicability::Unsafe }, edits))
}

/// The text of both allows `first && second` to mean the same.
fn joinable(cx: &Context<'_>, first: &Run<'_>, second: &Run<'_>) -> bool {
    let flags = |run: &Run<'_>| -> Vec<String> {
        run.instruction.flags.iter().map(|flag| cx.source.slice(flag.span).to_string()).collect()
    };
    let simple = |run: &Run<'_>| {
        run.editable()
            && run.instruction.heredocs.is_empty()
            && !run.script.commands.is_empty()
            && run.script.commands.iter().all(|cmd| cmd.redirects.iter().all(|redirect| redirect.body.is_none()))
    };
    // `first; a || b` is not `first && a || b`, and a group may hide either.
    let chain =
        second.script.commands.iter().all(|cmd| {
            cmd.depth == 0 && !cmd.negated && matches!(cmd.joiner, Joiner::Start | Joiner::And | Joiner::Pipe)
        });
    let background = first.script.commands.iter().any(|cmd| cmd.joiner == Joiner::Background);
    let head = Span::new(second.instruction.content.start, second.instruction.args.start);
    let comment_in_head = second.instruction.comments.iter().any(|comment| head.contains(*comment));
    simple(first)
        && simple(second)
        && chain
        && !background
        && !comment_in_head
        && flags(first) == flags(second)
        && first.step.shell == second.step.shell
        && first.step.user == second.step.user
        && first.step.workdir == second.step.workdir
        && ends_plainly(cx, first)
        && ends_plainly(cx, second)
        && !volatile(cx, first)
        && !volatile(cx, second)
}

/// Nothing but the end of a group stands behind the last command: no comment, no `;`, no `&`.
fn ends_plainly(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let Some(end) = run.script.commands.iter().map(|cmd| cmd.span.end).max() else { return false };
    if super::ends_in_backslash(cx, end) {
        return false;
    }
    let rest = cx.source.slice(Span::new(end, run.instruction.content.end.max(end)));
    let rest = rest.trim_matches(|c: char| c.is_whitespace() || c == cx.dockerfile.escape);
    let closed = rest.trim_start_matches([';', ' ']);
    rest.is_empty() || matches!(closed, "fi" | "done" | ")" | "}" | "esac")
}

/// Files that Docker mounts for each RUN: what is written there is gone with the instruction.
fn volatile(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let text = cx.source.slice(run.instruction.content);
    ["/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/proc/", "/dev/shm", "/sys/"]
        .iter()
        .any(|path| text.contains(path))
}

/// What `first` does to its shell would be felt by `second`.
fn leaks(first: &Run<'_>, second: &Run<'_>) -> bool {
    let plain_set =
        |cmd: &ShellCommand| cmd.args.iter().all(|arg| matches!(arg.text.as_str(), "-e" | "-x" | "-ex" | "-xe"));
    first.script.commands.iter().any(|cmd| {
        let name = cmd.name.text.as_str();
        name.is_empty()
            || STATE.contains(&name)
            || cmd.wrappers.iter().any(|wrapper| wrapper.text == "exec")
            || (name == "set" && !plain_set(cmd))
            || (name == "cd" && !placeless(second))
    })
}

/// The RUN does the same in every directory.
fn placeless(run: &Run<'_>) -> bool {
    let absolute = |cmd: &ShellCommand| {
        cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).all(|arg| arg.text.starts_with('/'))
            && cmd.redirects.is_empty()
    };
    let starts_elsewhere = run.script.commands.first().is_some_and(|cmd| {
        cmd.name.text == "cd" && cmd.args.first().is_some_and(|arg| arg.literal && arg.text.starts_with('/'))
    });
    starts_elsewhere
        || run.script.commands.iter().all(|cmd| match cmd.name.text.as_str() {
            "rm" | "mkdir" | "ln" => absolute(cmd),
            "chmod" | "chown" | "chgrp" => {
                let paths = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).skip(1);
                paths.into_iter().all(|arg| arg.text.starts_with('/')) && cmd.redirects.is_empty()
            }
            name => {
                ANYWHERE.contains(&name)
                    && cmd.args.iter().all(|arg| !arg.text.contains('/'))
                    && cmd.redirects.is_empty()
            }
        })
}

/// The edits at one seam.
fn join(cx: &Context<'_>, runs: &[Run<'_>], first: &Run<'_>, second: &Run<'_>) -> Option<Vec<Edit>> {
    let escape = cx.dockerfile.escape;
    let style = runs.iter().find_map(|run| style(cx, run.instruction)).unwrap_or(Style::Leading("    ".to_string()));
    let (end, start) = match style {
        Style::Leading(indent) => (format!(" {escape}"), format!("{indent}&& ")),
        Style::Trailing(indent) => (format!(" && {escape}"), indent),
    };
    let line_end = cx.source.line_span(cx.source.line_of(first.instruction.content.end.checked_sub(1)?)).end;
    let blanks = cx.source.slice(Span::new(first.instruction.content.end, line_end));
    let blanks = blanks.len() - blanks.trim_start_matches([' ', '\t']).len();
    let tail = Span::new(first.instruction.content.end, first.instruction.content.end + blanks as u32);
    let mut edits = vec![Edit::replace(tail, end)];
    for item in cx.dockerfile.items.get(first.step.inst.0 as usize + 1..second.step.inst.0 as usize)? {
        if let Item::Blank(span) = item {
            edits.push(Edit::delete(*span));
        }
    }
    edits.push(Edit::replace(Span::new(second.instruction.span.start, second.instruction.args.start), start));
    Some(edits)
}
