//! A shell-form command that is one plain program, as the JSON of the exec form.

use crate::model::Step;
use crate::rules::Context;
use crate::syntax::{Command, Instruction};

/// What only a shell knows.
const BUILTINS: &[&str] = &[
    ".", ":", "alias", "bg", "builtin", "cd", "command", "eval", "exec", "exit", "export", "fg", "jobs", "local",
    "read", "readonly", "return", "set", "shift", "source", "time", "times", "trap", "type", "ulimit", "umask",
    "unset", "wait",
];

/// The exec form of a shell-form CMD, ENTRYPOINT or HEALTHCHECK CMD: one program and plain words, with nothing that a
/// shell would expand, redirect or keep. `None` for anything else, and where a comment would be lost.
pub fn exec_form(cx: &Context<'_>, step: &Step, instruction: &Instruction) -> Option<String> {
    let Some(Command::Shell(span)) = instruction.command() else { return None };
    let script = step.script.as_ref()?;
    let [cmd] = script.commands.as_slice() else { return None };
    let plain = script.opaque.is_none()
        && script.substitutions.is_empty()
        && script.options.is_empty()
        && !cmd.opaque
        && !cmd.negated
        && cmd.depth == 0
        && cmd.assignments.is_empty()
        && cmd.redirects.is_empty()
        && cmd.outer_redirects.is_empty()
        && cmd.wrappers.iter().all(|wrapper| wrapper.text == "exec")
        && cmd.wrappers.len() < 2
        // Nothing else stands there, such as `&`.
        && cmd.span == *span
        && instruction.comments.is_empty()
        && instruction.heredocs.is_empty();
    if !plain || BUILTINS.contains(&cmd.name.text.as_str()) {
        return None;
    }
    // `name.text` is the last part of the path; the exec form wants the path as it stands.
    let name = cx.source.slice(cmd.name.span);
    let plain_name =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '+' | '-'));
    if !plain_name {
        return None;
    }
    let mut words = vec![quoted(name)?];
    for arg in &cmd.args {
        if !arg.literal || cx.source.slice(arg.span).starts_with('~') || arg.text.contains('$') {
            return None;
        }
        words.push(quoted(&arg.text)?);
    }
    Some(format!("[{}]", words.join(", ")))
}

/// A JSON string; `None` for control characters, which nobody means.
pub fn quoted(text: &str) -> Option<String> {
    if text.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
