//! The paths that the words of a command name: its operands, where it copies or links to, what its output is redirected to.

use super::case::Case;
use super::paths::{base_name, is_system_dir, join};
use crate::model::{Stage, Step, expand, variables};
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
    let text = text.replace("$(pwd)", "${PWD}").replace("`pwd`", "${PWD}");
    let text = if text.contains('$') { known(escape, step, cmd, &text)? } else { text };
    if text.contains(['*', '?', '`', '$', '{']) {
        return None;
    }
    let workdir = step.workdir.as_deref()?;
    let dir = join(workdir, cmd.dir.as_deref()?);
    if let Some(rest) = text.strip_prefix("~/") {
        return Some(join(home(step)?, rest));
    }
    Some(join(&dir, &text))
}

/// The text of a word with its variables: those of ENV and ARG, and what every shell knows. One that a loop, `read` or
/// `$(…)` sets is none of them.
fn known(escape: char, step: &Step, cmd: &ShellCommand, text: &str) -> Option<String> {
    let mut text = text.to_string();
    for name in variables(&text, escape) {
        let value = match name.as_str() {
            _ if step.env.get(&name).is_some() => continue,
            "HOME" => home(step)?.to_string(),
            "PWD" => join(step.workdir.as_deref()?, cmd.dir.as_deref()?),
            _ if text.contains(&format!("{{{name}:-")) || text.contains(&format!("{{{name}-")) => continue,
            _ => return None,
        };
        text = text.replace(&format!("${{{name}}}"), &value);
        if let Some(at) = text.find(&format!("${name}")) {
            let end = at + name.len() + 1;
            text = format!("{}{value}{}", text.get(..at)?, text.get(end..)?);
        }
    }
    expand(&text, escape, &step.env).ok()
}

/// The home of the user that runs a RUN, where that is sure.
fn home(step: &Step) -> Option<&'static str> {
    let user = step.user.as_deref().unwrap_or("root");
    let set = step.env.get("HOME").is_some();
    (!set && matches!(user.split(':').next().unwrap_or(""), "" | "root" | "0")).then_some("/root")
}

/// Where a command writes: the path that a word means, or the directory in which what is left of it names a file.
pub(super) fn place(case: &Case<'_>, step: &Step, cmd: &ShellCommand, text: &str) -> Option<String> {
    absolute(case, step, cmd, text).or_else(|| {
        let unknown = |name: &str| step.env.get(name).is_none() && !matches!(name, "HOME" | "PWD");
        let rest = |at: usize| text.get(at..).and_then(|rest| variables(rest, case.file.escape).into_iter().next());
        let mut ends =
            text.match_indices('$').map(|(at, _)| at).filter(|at| rest(*at).is_none_or(|name| unknown(&name)));
        let (begin, _) = text.split_at_checked(ends.next()?)?;
        let dir = match begin.rsplit_once('/') {
            Some((dir, _)) => format!("{dir}/"),
            // `$dir/x` may lie anywhere, `conf.$name` lies here.
            None if begin.is_empty() || text.get(begin.len()..).is_some_and(|rest| rest.contains('/')) => return None,
            None => ".".to_string(),
        };
        absolute(case, step, cmd, &dir).filter(|dir| !is_system_dir(dir) && !text.contains(".."))
    })
}

/// Where `mkdir` and `touch` make something, as far as that is known.
pub(super) fn places(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Option<Vec<String>> {
    path_args(cmd).into_iter().map(|arg| place(case, step, cmd, &arg.text)).collect()
}

/// Where `cp data/* $dir` leaves its files: what the last word names, or the directory in which that lies.
pub(super) fn last_place(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Option<String> {
    let into = |arg: &&ShellWord| is_bundle_with_t(&arg.text) || arg.text.starts_with("--target-directory");
    let last = cmd.args.iter().rfind(|arg| !arg.text.starts_with('-'))?;
    let path = place(case, step, cmd, &last.text)?;
    (!cmd.args.iter().any(|arg| into(&arg)) && !is_system_dir(&path)).then_some(path)
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
        paths.push(place(case, step, cmd, text).ok_or("the file that it writes is computed")?);
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
            // `ln -st /app /var/log`
            text if is_bundle_with_t(text) => {
                let glued = text.split_once('t').map_or("", |(_, rest)| rest);
                into = Some(if glued.is_empty() { args.next()?.text.clone() } else { glued.to_string() });
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

/// Options in one word, one of which names the directory that everything goes to.
pub(super) fn is_bundle_with_t(text: &str) -> bool {
    let letters = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or("");
    letters.find('t').is_some_and(|at| {
        letters.chars().take(at).all(|letter| letter.is_ascii_alphabetic() && !"mogS".contains(letter))
    })
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
