//! A shell-form command that is one plain program, as the JSON of the exec form.

use crate::model::Step;
use crate::rules::Context;
use crate::syntax::{Command, Instruction};

/// What only a shell knows, or is no file in every image.
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "alias",
    "bg",
    "bind",
    "builtin",
    "caller",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    // The slim images of Debian have no program of that name.
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
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
    if written_without_shebang(cx, step, name) {
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

/// An instruction before it writes the program as a script without `#!`: a shell starts that, the kernel does not.
fn written_without_shebang(cx: &Context<'_>, step: &Step, program: &str) -> bool {
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_string();
    let is_it = |path: &str| last(path) == last(program);
    let earlier = cx.model.stages.iter().flat_map(|stage| &stage.steps).filter(|earlier| earlier.inst < step.inst);
    earlier.into_iter().any(|earlier| {
        let Some(instruction) = cx.dockerfile.get(earlier.inst) else { return false };
        let copied = !instruction.heredocs.is_empty()
            && earlier.copied.as_ref().and_then(|copied| copied.dest.as_deref()).is_some_and(is_it);
        let written = earlier.script.as_ref().is_some_and(|script| {
            script.commands.iter().any(|cmd| {
                let redirects = cmd.redirects.iter().chain(cmd.outer_redirects.iter());
                let mut out = redirects.filter(|redirect| redirect.operator.contains('>'));
                out.any(|redirect| is_it(&redirect.target.text))
                    || (cmd.name.text == "tee" && cmd.args.iter().any(|arg| is_it(&arg.text)))
            })
        });
        (copied || written) && !cx.source.slice(instruction.span).contains("#!")
    })
}

/// The text of a CMD or ENTRYPOINT that was meant as JSON and is none.
pub fn looks_like_json(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[') else { return false };
    begins_in_quotes(inner.trim_start()) || (text.ends_with(']') && !inner.starts_with([' ', '[']))
}

/// The same for RUN, where `[ "$a" = b ]` is a command of the shell.
pub fn looks_like_json_of_run(text: &str) -> bool {
    text.strip_prefix('[').is_some_and(begins_in_quotes) && text.ends_with(']')
}

fn begins_in_quotes(text: &str) -> bool {
    text.starts_with(['"', '\'', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'])
}

/// Why it is none, as far as one look tells.
pub fn why_no_json(text: &str) -> &'static str {
    let Some(inner) = text.strip_prefix('[') else { return "it begins with no bracket" };
    let Some(inner) = inner.strip_suffix(']') else {
        return if inner.contains(']') { "text stands behind the bracket" } else { "the bracket is not closed" };
    };
    let inner = inner.trim();
    if inner.ends_with(',') {
        return "a comma stands before the bracket";
    }
    if inner.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        return "the quotes are typographic ones";
    }
    match inner.chars().next() {
        Some('\'') => "JSON has double quotes",
        Some('"') if inner.contains('\\') => "JSON has \\\\ for a backslash",
        Some('"') => "a quote or a comma is missing",
        _ => "the words want double quotes",
    }
}

/// A JSON string; `None` for control characters, which nobody means.
pub fn quoted(text: &str) -> Option<String> {
    if text.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
