//! The codes that shuck does not have, or finds too seldom: SC2174, SC2185, SC2216, SC2283, SC3028.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::model::Step;
use crate::shell::{Dialect, Joiner, Script, ShellCommand};
use crate::text::{MappedText, SourceFile};

const OWN: [u32; 5] = [2174, 2185, 2216, 2283, 3028];

/// The code is found here and not by shuck.
pub(super) fn has(code: u32) -> bool {
    OWN.contains(&code)
}

pub(super) fn about(code: u32) -> Option<&'static str> {
    Some(match code {
        1072 => "The shell cannot read the script.",
        2174 => "`mkdir -p -m 700 a/b` gives the mode to `b` only.",
        2185 => "`find -name x` names no directory to look in, which only some of them allow.",
        2216 => "A command gets the output of another and does not read it, as in `find | rm`.",
        2283 => "`NAME = value` runs a program called NAME.",
        3028 => "A variable of bash is used in sh, where nothing sets it.",
        _ => return None,
    })
}

/// One script: the step that it runs in, its commands, and its text with the language that it is in.
pub(super) struct Subject<'a> {
    pub source: &'a SourceFile,
    pub step: &'a Step,
    pub script: &'a Script,
    pub text: &'a MappedText,
    pub dialect: Dialect,
}

pub(super) fn check(subject: &Subject<'_>, slug: &dyn Fn(u32) -> Option<&'static str>, out: &mut Vec<Diagnostic>) {
    let mut push = |code: u32, mut diagnostic: Diagnostic| {
        if let Some(slug) = slug(code) {
            diagnostic.rule = slug;
            out.push(diagnostic);
        }
    };
    let script = subject.script;
    for command in script.commands.iter().chain(&script.substitutions) {
        if let Some(found) = deep_mode(command) {
            push(2174, found);
        }
        if let Some(found) = find_without_path(command) {
            push(2185, found);
        }
        if let Some(found) = pipe_into_deaf(command) {
            push(2216, found);
        }
        if let Some(found) = spaces_around_equals(subject, command) {
            push(2283, found);
        }
    }
    if subject.dialect == Dialect::Posix {
        for (name, range) in bash_variables(&subject.text.text) {
            if is_set(subject, name) {
                continue;
            }
            let message = format!("sh does not set `{name}`, bash does");
            let help = match name {
                "HOSTNAME" => "write $(hostname)",
                "UID" | "EUID" => "write $(id -u)",
                "RANDOM" => "read from /dev/urandom, or run the script in bash",
                _ => "run the script in bash: SHELL [\"/bin/bash\", \"-c\"]",
            };
            push(3028, Diagnostic::at(subject.text.span(range), message).help(help));
        }
    }
}

/// `mkdir -p -m 700 a/b`: only `b` gets the mode.
fn deep_mode(command: &ShellCommand) -> Option<Diagnostic> {
    if command.name.text != "mkdir" {
        return None;
    }
    let parents = command.has_flag(&["--parents"]) || command.has_short('p');
    let mode = command.args.iter().find(|arg| {
        let short = arg.text.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('m'));
        short || arg.text == "--mode" || arg.text.starts_with("--mode=")
    })?;
    let deep = |path: &str| {
        let path = path.trim_end_matches('/');
        !path.starts_with('-') && path.trim_start_matches("../").trim_start_matches("./").contains('/')
    };
    let deep = parents && command.args.iter().any(|arg| deep(&arg.text));
    let message = "with -p the mode of -m goes to the last directory only";
    deep.then(|| Diagnostic::at(mode.span, message).help("set the mode of the others with chmod, or make them first"))
}

/// `find -name x`: the find of GNU and busybox takes the current directory, others fail.
fn find_without_path(command: &ShellCommand) -> Option<Diagnostic> {
    if command.name.text != "find" || command.args.is_empty() {
        return None;
    }
    if command.has_flag(&["--help", "--version", "-help", "-version"]) {
        return None;
    }
    // `-H`, `-L`, `-P`, `-D what`, `-O3` may stand before the path.
    let is_early = |text: &str| text.len() == 2 || text.starts_with("-D") || text.starts_with("-O");
    let first = command.args.iter().find(|arg| !(arg.text.starts_with('-') && is_early(&arg.text)));
    if first.is_some_and(|arg| !arg.text.starts_with('-')) {
        return None;
    }
    let message = "`find` is not told where to look, which only some of them allow";
    Some(Diagnostic::at(command.name.span, message).help("name the current directory: find ."))
}

/// Programs that never read their standard input.
const DEAF: &[&str] = &[
    "alias", "basename", "bg", "cal", "cd", "chgrp", "chmod", "chown", "cp", "du", "echo", "export", "fg", "fuser",
    "getconf", "getopt", "getopts", "ipcrm", "ipcs", "jobs", "kill", "ln", "ls", "locale", "mv", "printf", "ps", "pwd",
    "renice", "rm", "rmdir", "set", "sleep", "touch", "trap", "ulimit", "unalias", "uname",
];

/// `find | rm`.
fn pipe_into_deaf(command: &ShellCommand) -> Option<Diagnostic> {
    let name = command.name.text.as_str();
    if command.joiner != Joiner::Pipe || !DEAF.contains(&name) || !command.wrappers.is_empty() {
        return None;
    }
    // They ask before each file.
    if matches!(name, "cp" | "mv" | "rm") && (command.has_short('i') || command.has_flag(&["--interactive"])) {
        return None;
    }
    if command.redirects.iter().any(|redirect| redirect.operator.starts_with('<')) {
        return None;
    }
    let message = format!("`{name}` does not read what is piped into it");
    Some(Diagnostic::at(command.name.span, message).help("hand it over as arguments, with xargs"))
}

/// `NAME = value` runs a program called NAME.
fn spaces_around_equals(subject: &Subject<'_>, command: &ShellCommand) -> Option<Diagnostic> {
    // `echo "=== a"` is quoted.
    let equals = command.args.first().filter(|arg| subject.source.slice(arg.span).starts_with('='))?;
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    if !is_name(&command.name.text) || command.name.text.is_empty() {
        return None;
    }
    let span = command.name.span.to(equals.span);
    let message = format!("this runs a program called `{}`, it sets nothing", command.name.text);
    Some(Diagnostic::at(span, message).help("take the blanks around = away, or compare with [ a = b ]"))
}

const BASH_VARIABLES: &[&str] = &[
    "BASHOPTS",
    "BASHPID",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_REMATCH",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "HOSTNAME",
    "HOSTTYPE",
    "MACHTYPE",
    "OSTYPE",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
];

/// `$NAME` and `${NAME` outside of single quotes.
fn bash_variables(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let (mut single, mut double) = (false, false);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if !single => at += 1,
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'$' if !single => {
                let brace = usize::from(bytes.get(at + 1) == Some(&b'{'));
                let start = at + 1 + brace;
                let rest = text.get(start..).unwrap_or("");
                let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                let name = rest.get(..len).unwrap_or("");
                if let Some(known) = BASH_VARIABLES.iter().find(|known| **known == name) {
                    let close = brace * usize::from(bytes.get(start + len) == Some(&b'}'));
                    // `${HOSTNAME:-x}` says what to take.
                    let handled = brace == 1 && rest.get(len..).is_some_and(|rest| rest.starts_with([':', '-', '+']));
                    if !handled {
                        found.push((*known, at..start + len + close));
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The image or the script sets it.
fn is_set(subject: &Subject<'_>, name: &str) -> bool {
    subject.step.env.get(name).is_some()
        || subject.script.commands.iter().any(|command| {
            command.assignments.iter().any(|assignment| assignment.name == name)
                || (matches!(command.name.text.as_str(), "export" | "read" | "local" | "readonly" | "declare")
                    && command.args.iter().any(|arg| arg.text.split('=').next() == Some(name)))
        })
}
