//! Programs that a command starts by its words: `xargs -n1 psql`, `find . -exec sh -c '…'`, `trap 'cleanup' EXIT`.

use super::packages::{Provided, provider};
use crate::shell::{Dialect, ShellCommand, parse_text};
use crate::text::{MappedText, SourceFile, Span};

/// What a command starts beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    /// Names of programs, as they are written; functions of the script may be among them.
    pub programs: Vec<String>,
    /// It starts something that the words do not say.
    pub unknown: bool,
}

pub(super) fn behind(cmd: &ShellCommand) -> Behind {
    let words: Vec<(&str, bool)> = cmd.args.iter().map(|arg| (arg.text.as_str(), arg.literal)).collect();
    let mut found = Behind::default();
    of_words(&cmd.name.text, &words, 0, &mut found);
    found
}

fn of_words(name: &str, words: &[(&str, bool)], depth: usize, found: &mut Behind) {
    if depth > 4 {
        found.unknown = true;
        return;
    }
    match name {
        "find" => {
            for (at, (word, _)) in words.iter().enumerate() {
                if matches!(*word, "-exec" | "-execdir" | "-ok" | "-okdir") {
                    command(words.get(at + 1..).unwrap_or(&[]), depth, found);
                }
            }
        }
        "xargs" => {
            let at = operand(
                words,
                &[
                    "-n",
                    "-P",
                    "-I",
                    "-d",
                    "-a",
                    "-L",
                    "-s",
                    "-E",
                    "--max-args",
                    "--max-procs",
                    "--replace",
                    "--arg-file",
                ],
            );
            // Without a command it prints.
            if let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
                command(rest, depth, found);
            }
        }
        "trap" => match words.first() {
            None | Some(("-" | "" | "--" | "-l" | "-p", _)) => {}
            Some((text, true)) => shell_text(text, depth, found),
            // Double quotes: what is in the variables, nobody knows.
            Some((text, false)) => shell_text(text, depth, found),
        },
        "eval" => {
            let text: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            if words.iter().any(|(_, literal)| !literal) {
                found.unknown = true;
            } else {
                shell_text(&text.join(" "), depth, found);
            }
        }
        "sh" | "bash" | "ash" | "dash" => {
            let flag = words.iter().position(|(word, _)| word.starts_with('-') && word.contains('c'));
            if let Some((text, _)) = flag.and_then(|at| words.get(at + 1)) {
                shell_text(text, depth, found);
            }
        }
        "watch" => command(words.get(operand(words, &["-n", "--interval"])..).unwrap_or(&[]), depth, found),
        "busybox" => command(words.get(operand(words, &[])..).unwrap_or(&[]), depth, found),
        // Which of their words is the program depends on many flags: those that are programs count, and more may be.
        "parallel" | "flock" | "script" | "entr" | "start-stop-daemon" | "strace" | "unbuffer" | "daemonize" => {
            found.unknown = true;
            let known =
                |word: &str| provider(word, true) != Provided::Unknown || provider(word, false) != Provided::Unknown;
            let programs = words.iter().flat_map(|(word, _)| word.split_whitespace()).filter(|word| known(word));
            found.programs.extend(programs.map(String::from));
        }
        _ => {}
    }
}

/// The place of the first word that is no flag and no value of one.
fn operand(words: &[(&str, bool)], with_value: &[&str]) -> usize {
    let mut at = 0;
    while let Some((word, _)) = words.get(at).filter(|(word, _)| word.starts_with('-')) {
        at += 1 + usize::from(with_value.contains(word));
    }
    at
}

fn command(words: &[(&str, bool)], depth: usize, found: &mut Behind) {
    let Some((name, literal)) = words.first() else {
        found.unknown = true;
        return;
    };
    if !literal && name.contains(['$', '`', '*']) {
        found.unknown = true;
        return;
    }
    found.programs.push(name.to_string());
    let base = super::paths::base_name(name);
    of_words(base, words.get(1..).unwrap_or(&[]), depth + 1, found);
}

fn shell_text(text: &str, depth: usize, found: &mut Behind) {
    let source = SourceFile::new("sh -c", text);
    let mut mapped = MappedText::default();
    mapped.push(&source, Span::new(0, source.len()));
    let script = parse_text(&mapped, Dialect::Bash);
    found.unknown |= script.opaque.is_some();
    for cmd in script.commands.iter().chain(&script.substitutions) {
        let written = source.slice(cmd.name.span).trim_matches(['"', '\'']);
        if cmd.name.text.is_empty() || script.functions.contains(&cmd.name.text) {
            continue;
        }
        if written.contains(['$', '`']) {
            found.unknown = true;
            continue;
        }
        let wrappers = cmd.wrappers.iter().filter(|word| !word.text.contains('=')).map(|word| word.text.clone());
        found.programs.extend(wrappers);
        found.programs.push(written.to_string());
        let words: Vec<(&str, bool)> = cmd.args.iter().map(|arg| (arg.text.as_str(), arg.literal)).collect();
        of_words(&cmd.name.text, &words, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_behind_others() {
        for (text, want) in [
            ("find ./migrations -name '*.sql' -exec psql \"$DSN\" -f {} \\;", "psql"),
            ("find sql -exec sh -c 'psql -f \"$1\" | jq .' _ {} \\;", "sh psql jq"),
            ("xargs -n1 psql -f", "psql"),
            ("xargs -I{} -P 4 ./load {}", "./load"),
            ("xargs", ""),
            ("trap \"psql -c bye\" EXIT", "psql"),
            ("trap 'kill $PID' TERM", "kill"),
            ("trap - EXIT", ""),
            ("eval \"$CMD\"", "?"),
            ("watch -n 5 redis-cli ping", "redis-cli"),
            ("parallel -j4 convert {} ::: a b", "convert ?"),
            ("xargs \"$TOOL\"", "?"),
            ("cat x", ""),
        ] {
            let source = SourceFile::new("x", text);
            let mut mapped = MappedText::default();
            mapped.push(&source, Span::new(0, source.len()));
            let script = parse_text(&mapped, Dialect::Posix);
            let mut found = behind(&script.commands[0]);
            found.programs.extend(found.unknown.then(|| "?".to_string()));
            assert_eq!(found.programs.join(" "), want, "{text}");
        }
    }
}
