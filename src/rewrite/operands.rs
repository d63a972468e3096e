//! The paths that the words of a command name: its operands, where it copies or links to, what its output is redirected to.

use super::case::Case;
use super::paths::{base_name, is_system_dir, join};
use crate::model::{Stage, Step, expand};
use crate::shell::{ShellCommand, ShellWord};

/// The paths that the arguments name, absolute.
pub(super) fn operands(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Option<Vec<String>> {
    path_args(cmd).into_iter().map(|arg| absolute(case, step, cmd, &arg.text)).collect()
}

/// The arguments that name files or directories: no flag, no value of one, no owner and no mode.
pub(super) fn path_args(cmd: &ShellCommand) -> Vec<&ShellWord> {
    let with_value: &[&str] = match cmd.name.text.as_str() {
        "mkdir" => &["-m", "--mode"],
        "install" => &["-m", "-o", "-g", "-S", "--mode", "--owner", "--group"],
        "touch" => &["-d", "-t", "-r", "--date"],
        "sed" => &["-e", "-f"],
        _ => &[],
    };
    let mut words: Vec<&ShellWord> = Vec::new();
    let mut args = cmd.args.iter();
    while let Some(arg) = args.next() {
        let bundle = arg.text.starts_with('-') && !arg.text.starts_with("--");
        let ends = |flag: &str| {
            let letter = flag.strip_prefix('-').filter(|letter| letter.len() == 1);
            arg.text == flag || bundle && letter.is_some_and(|letter| arg.text.ends_with(letter))
        };
        if with_value.iter().any(|flag| ends(flag)) {
            args.next();
        } else if !arg.text.starts_with('-') {
            words.push(arg);
        }
    }
    let skip = match cmd.name.text.as_str() {
        "mkdir" | "touch" | "install" | "rm" | "rmdir" | "unlink" | "cp" | "mv" | "tee" => 0,
        "chown" | "chmod" | "chgrp" => 1,
        // What a symbolic link leads to is a matter of its own place.
        "ln" | "sed" => words.len().saturating_sub(1),
        _ => words.len(),
    };
    words.drain(..skip.min(words.len()));
    words
}

/// What following paths needs of the stage.
pub(super) struct Scope<'a> {
    pub escape: char,
    pub stage: &'a Stage,
}

pub(super) fn absolute(case: &Case<'_>, step: &Step, cmd: &ShellCommand, text: &str) -> Option<String> {
    resolve(case.file.escape, step, cmd, text)
}

/// The path that a word of a command means; `None` when variables or globs are left.
pub(super) fn resolve(escape: char, step: &Step, cmd: &ShellCommand, text: &str) -> Option<String> {
    let text = if text.contains('$') { expand(text, escape, &step.env).ok()? } else { text.to_string() };
    if text.contains(['*', '?', '`', '$', '{']) {
        return None;
    }
    let workdir = step.workdir.as_deref()?;
    let dir = join(workdir, cmd.dir.as_deref()?);
    if let Some(rest) = text.strip_prefix("~/") {
        return Some(join("/root", rest));
    }
    Some(join(&dir, &text))
}

pub(super) fn redirect_targets(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    for redirect in &cmd.redirects {
        if !redirect.operator.contains('>') || redirect.operator.ends_with('&') {
            continue;
        }
        let text = redirect.target.text.as_str();
        if text == "/dev/null" || text.starts_with('&') || text.chars().all(|letter| letter.is_ascii_digit()) {
            continue;
        }
        paths.push(absolute(case, step, cmd, text).ok_or("the file that it writes is computed")?);
    }
    Ok(paths)
}

/// Where `cp a b`, `mv a b`, `ln -s a b`, `install -m 755 a b` put their files.
pub(super) fn targets(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Option<Vec<String>> {
    Some(moves(&case.scope(), step, cmd)?.into_iter().map(|(_, to)| to).collect())
}

/// Source and target of each file that `cp`, `mv`, `ln` or `install` makes.
pub(super) fn moves(scope: &Scope<'_>, step: &Step, cmd: &ShellCommand) -> Option<Vec<(String, String)>> {
    let absolute = |text: &str| resolve(scope.escape, step, cmd, text);
    let mut operands: Vec<&str> = Vec::new();
    let mut into: Option<String> = None;
    let mut args = cmd.args.iter();
    while let Some(arg) = args.next() {
        match arg.text.as_str() {
            "-t" | "--target-directory" => into = Some(args.next()?.text.clone()),
            "-m" | "-o" | "-g" | "-S" | "--mode" | "--owner" | "--group" if cmd.name.text == "install" => {
                args.next();
            }
            text if text.starts_with("--target-directory=") => {
                into = text.split_once('=').map(|(_, dir)| dir.to_string());
            }
            text if text.starts_with('-') && text.len() > 1 => {}
            text => operands.push(text),
        }
    }
    if cmd.name.text == "install" && cmd.has_short('d') {
        return operands.iter().map(|dir| absolute(dir).map(|path| (path.clone(), path))).collect();
    }
    let (dest, directory) = match into {
        Some(dir) => (dir, true),
        // `ln -s /a/b` makes ./b.
        None if cmd.name.text == "ln" && operands.len() == 1 => (".".into(), true),
        None => {
            let dest = operands.pop()?.to_string();
            let directory = dest.ends_with('/') || operands.len() > 1 || matches!(dest.as_str(), "." | "..");
            (dest, directory)
        }
    };
    let to = absolute(&dest)?;
    let directory = directory || is_system_dir(&to) || known_dir(scope, step, &to);
    operands
        .into_iter()
        .map(|from| {
            let from = absolute(from)?;
            let name = base_name(&from).to_string();
            Some((from, if directory { join(&to, &name) } else { to.clone() }))
        })
        .collect()
}

/// Directories that the file itself shows: of WORKDIR, and of `mkdir` before this step.
fn known_dir(scope: &Scope<'_>, step: &Step, path: &str) -> bool {
    let before = scope.stage.steps.iter().take_while(|other| other.inst <= step.inst);
    for other in before {
        if other.workdir.as_deref() == Some(path) {
            return true;
        }
        let made = other.script.iter().flat_map(|script| &script.commands).filter(|cmd| cmd.name.text == "mkdir");
        for cmd in made {
            let mut words = cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
            if words.any(|arg| resolve(scope.escape, other, cmd, &arg.text).as_deref() == Some(path)) {
                return true;
            }
        }
    }
    false
}
