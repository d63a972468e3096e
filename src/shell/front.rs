//! What stands before the program: `sudo -u app env A=1 nice -n 5 make` is `make`; and which words of a command are
//! a script for another shell.

use super::{Dialect, ShellWord};

/// A program that runs the rest of its arguments as a command.
struct Wrapper {
    name: &'static str,
    /// Short flags without and with a value.
    flags: &'static str,
    valued: &'static str,
    /// Long flags whose value is the next word; other long flags have none, or `=value`.
    long_valued: &'static [&'static str],
    /// With one of these it does something else.
    stop: &'static str,
    /// Words between the flags and the command: the duration of `timeout`.
    operands: usize,
    /// `NAME=value` may stand before the command.
    assigns: bool,
}

const PLAIN: Wrapper =
    Wrapper { name: "", flags: "", valued: "", long_valued: &[], stop: "", operands: 0, assigns: false };

#[rustfmt::skip]
const WRAPPERS: &[Wrapper] = &[
    Wrapper { name: "sudo", flags: "EHnSAbPBN", valued: "ugphCrTtUDR", stop: "lvkKeis", assigns: true,
        long_valued: &["--user", "--group", "--prompt", "--host", "--close-from", "--chdir", "--chroot", "--role", "--type"], ..PLAIN },
    Wrapper { name: "doas", flags: "n", valued: "uC", stop: "Ls", ..PLAIN },
    Wrapper { name: "env", flags: "iv", valued: "uC", stop: "S0", assigns: true, long_valued: &["--unset", "--chdir"], ..PLAIN },
    Wrapper { name: "exec", flags: "cl", valued: "a", ..PLAIN },
    Wrapper { name: "time", flags: "pvaq", valued: "fo", long_valued: &["--format", "--output"], stop: "V", ..PLAIN },
    Wrapper { name: "nice", flags: "0123456789", valued: "n", long_valued: &["--adjustment"], ..PLAIN },
    Wrapper { name: "ionice", flags: "t", valued: "cn", long_valued: &["--class", "--classdata"], stop: "pPu", ..PLAIN },
    Wrapper { name: "nohup", ..PLAIN },
    Wrapper { name: "timeout", flags: "vfp", valued: "ks", long_valued: &["--kill-after", "--signal"], operands: 1, ..PLAIN },
    Wrapper { name: "command", flags: "p", stop: "vV", ..PLAIN },
    Wrapper { name: "builtin", ..PLAIN },
    Wrapper { name: "stdbuf", valued: "ioe", long_valued: &["--input", "--output", "--error"], ..PLAIN },
    Wrapper { name: "setsid", flags: "cfw", ..PLAIN },
    Wrapper { name: "eatmydata", ..PLAIN },
    Wrapper { name: "fakeroot", ..PLAIN },
    Wrapper { name: "gosu", operands: 1, ..PLAIN },
    Wrapper { name: "su-exec", operands: 1, ..PLAIN },
];

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Front {
    /// Indices of the words that are wrappers and of their `NAME=value`.
    pub wrappers: Vec<usize>,
    pub assignments: Vec<usize>,
    /// Index of the program.
    pub name: usize,
    /// `env -C dir`, `sudo -D dir`: the index of the directory.
    pub dir: Option<usize>,
    /// A wrapper has a flag that is not known.
    pub unsure: bool,
}

/// The last component of a path: `apt-get` of `/usr/bin/apt-get`.
pub(super) fn base_name(text: &str) -> &str {
    let base = text.rsplit('/').next().unwrap_or(text);
    if base.is_empty() { text } else { base }
}

pub(super) fn look_through(words: &[ShellWord]) -> Front {
    let mut front = Front::default();
    loop {
        let Some(word) = words.get(front.name).filter(|word| word.literal) else { return front };
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == base_name(&word.text)) else { return front };
        let mut found = Front { name: front.name + 1, ..Front::default() };
        match operand(wrapper, words, &mut found) {
            Step::Command => {}
            Step::NotAWrapper => return front,
            Step::Unsure => {
                front.unsure = true;
                return front;
            }
        }
        front.wrappers.push(front.name);
        front.assignments.append(&mut found.assignments);
        front.dir = found.dir.or(front.dir);
        front.name = found.name;
    }
}

enum Step {
    Command,
    NotAWrapper,
    Unsure,
}

/// Moves `found.name` over the wrapper's own words to the command.
fn operand(wrapper: &Wrapper, words: &[ShellWord], found: &mut Front) -> Step {
    let mut operands = wrapper.operands;
    let mut flags = true;
    loop {
        let Some(word) = words.get(found.name) else { return Step::NotAWrapper };
        let text = word.text.as_str();
        if flags && text.starts_with('-') && text.len() > 1 {
            if !word.literal && !text.contains('=') {
                return Step::Unsure;
            }
            match flag(wrapper, text) {
                Flag::End => flags = false,
                Flag::Alone => {}
                Flag::Value => {
                    found.name += 1;
                    if matches!((wrapper.name, text), ("env", "-C" | "--chdir") | ("sudo", "-D" | "--chdir")) {
                        found.dir = Some(found.name);
                    }
                }
                Flag::Stop => return Step::NotAWrapper,
                Flag::Unknown => return Step::Unsure,
            }
        } else if wrapper.name == "env" && text == "-" {
        } else if wrapper.assigns && assignment_name(text).is_some() {
            flags = false;
            found.assignments.push(found.name);
        } else if operands > 0 {
            flags = false;
            operands -= 1;
        } else {
            return Step::Command;
        }
        found.name += 1;
    }
}

enum Flag {
    End,
    Alone,
    Value,
    Stop,
    Unknown,
}

fn flag(wrapper: &Wrapper, text: &str) -> Flag {
    if text == "--" {
        return Flag::End;
    }
    if text.starts_with("--") {
        let name = text.split('=').next().unwrap_or(text);
        return match name {
            "--help" | "--version" | "--login" | "--shell" | "--split-string" | "--list" | "--edit" => Flag::Stop,
            "--chdir" if text.contains('=') => Flag::Unknown,
            _ if text.contains('=') => Flag::Alone,
            _ if wrapper.long_valued.contains(&name) => Flag::Value,
            _ if wrapper.long_valued.is_empty() && wrapper.valued.is_empty() => Flag::Unknown,
            _ => Flag::Alone,
        };
    }
    for (index, letter) in text.char_indices().skip(1) {
        if wrapper.stop.contains(letter) {
            return Flag::Stop;
        }
        if wrapper.valued.contains(letter) {
            return if index + 1 == text.len() { Flag::Value } else { Flag::Alone };
        }
        if !wrapper.flags.contains(letter) {
            return Flag::Unknown;
        }
    }
    Flag::Alone
}

/// The name in `NAME=value`.
pub(super) fn assignment_name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once('=')?;
    is_name(name).then_some(name)
}

pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A shell that is called with a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShellCall {
    pub dialect: Dialect,
    pub script: ScriptAt,
    pub options: Vec<String>,
    /// `su -`: another directory and environment.
    pub login: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScriptAt {
    /// Index of the word that `-c` takes.
    Word(usize),
    /// No script is named: it comes from a heredoc, a file or a pipe.
    Stdin,
}

/// The dialect of a shell's name; `None` when it is no Bourne shell.
pub(super) fn shell_dialect(name: &str) -> Option<Dialect> {
    match base_name(name) {
        "sh" | "dash" | "ash" | "ksh" | "mksh" => Some(Dialect::Posix),
        "bash" | "rbash" => Some(Dialect::Bash),
        _ => None,
    }
}

/// `words` begin with the program. `None` when it is no shell, or runs a script file.
pub(super) fn shell_call(words: &[ShellWord]) -> Option<ShellCall> {
    let program = words.first().filter(|word| word.literal)?;
    match base_name(&program.text) {
        "su" | "runuser" => return su_call(words),
        _ => {}
    }
    let dialect = shell_dialect(&program.text)?;
    let mut call = ShellCall { dialect, script: ScriptAt::Stdin, options: Vec::new(), login: false };
    let mut command = false;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if !text.starts_with(['-', '+']) || text.len() < 2 {
            break;
        }
        if !word.literal {
            return None;
        }
        at += 1;
        match text {
            "--" => break,
            "--rcfile" | "--init-file" => at += 1,
            _ if text.starts_with("--") => {}
            _ => {
                for letter in text.chars().skip(1) {
                    match letter {
                        'c' => command = true,
                        's' | 'i' => return None,
                        'o' | 'O' => {
                            if let Some(name) = words.get(at).filter(|_| letter == 'o' && text.starts_with('-')) {
                                call.options.push(name.text.clone());
                            }
                            at += 1;
                        }
                        letter if text.starts_with('-') => call.options.extend(option_name(letter).map(String::from)),
                        _ => {}
                    }
                }
            }
        }
    }
    match (command, words.get(at)) {
        (true, Some(_)) => call.script = ScriptAt::Word(at),
        (true, None) => return None,
        (false, Some(word)) if word.text != "-" => return None,
        (false, _) => {}
    }
    Some(call)
}

fn su_call(words: &[ShellWord]) -> Option<ShellCall> {
    let mut script = None;
    let mut login = false;
    let mut dialect = Dialect::Posix;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "-" | "-l" | "--login" => login = true,
            "-c" | "--command" => {
                at += 1;
                script = Some(at);
            }
            "-lc" | "-pc" | "-mc" => {
                login |= word.text == "-lc";
                at += 1;
                script = Some(at);
            }
            "-s" | "--shell" => {
                at += 1;
                dialect = shell_dialect(&words.get(at)?.text)?;
            }
            "-m" | "-p" | "--preserve-environment" => {}
            "-u" | "-g" | "-G" | "--user" | "--group" => return None,
            text if text.starts_with('-') => return None,
            _ => {}
        }
        at += 1;
    }
    let script = script.filter(|at| *at < words.len())?;
    Some(ShellCall { dialect, script: ScriptAt::Word(script), options: Vec::new(), login })
}

/// The long name of a letter of `set`.
pub(super) fn option_name(letter: char) -> Option<&'static str> {
    Some(match letter {
        'a' => "allexport",
        'e' => "errexit",
        'f' => "noglob",
        'n' => "noexec",
        'u' => "nounset",
        'v' => "verbose",
        'x' => "xtrace",
        'E' => "errtrace",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn words(text: &str) -> Vec<ShellWord> {
        text.split(' ').map(|word| ShellWord { span: Span::at(0), text: word.into(), literal: true }).collect()
    }

    #[test]
    fn wrappers_are_looked_through_with_their_flags() {
        for (text, want) in [
            ("apt-get install", "apt-get"),
            ("sudo apt-get install", "apt-get"),
            ("sudo -E -u app -H -- make all", "make"),
            ("sudo -uapp make", "make"),
            ("sudo A=1 make", "make"),
            ("sudo --user app --preserve-env=PATH make", "make"),
            ("sudo -i make", "sudo"),
            ("sudo -l", "sudo"),
            ("sudo", "sudo"),
            ("env A=1 B=2 go build", "go"),
            ("env -i -u HOME A=1 go build", "go"),
            ("env - go build", "go"),
            ("env", "env"),
            ("env A=1", "env"),
            ("/usr/bin/env -S x y", "/usr/bin/env"),
            ("exec nohup nice -n 10 /usr/bin/time -v make", "make"),
            ("nice -10 make", "make"),
            ("timeout -k 5 30 curl", "curl"),
            ("timeout 30s sudo curl", "curl"),
            ("command -v curl", "command"),
            ("command curl", "curl"),
            ("builtin cd x", "cd"),
            ("ionice -c 2 -n 7 make", "make"),
            ("gosu app make", "make"),
            ("nohup --what make", "nohup"),
        ] {
            let words = words(text);
            let front = look_through(&words);
            assert_eq!(words[front.name].text, want, "{text}: {front:?}");
        }
    }

    #[test]
    fn the_script_of_a_shell_is_found() {
        let call = |text: &str| {
            let words = words(text);
            shell_call(&words).map(|call| match call.script {
                ScriptAt::Word(at) => (words[at].text.clone(), call.options.join(",")),
                ScriptAt::Stdin => ("<stdin>".to_string(), call.options.join(",")),
            })
        };
        for (text, want) in [
            ("sh -c x", Some(("x", ""))),
            ("/bin/bash -ec x a b", Some(("x", "errexit"))),
            ("bash -exo pipefail -c x", Some(("x", "errexit,xtrace,pipefail"))),
            ("bash -o pipefail -c -e x", Some(("x", "pipefail,errexit"))),
            ("bash --login -c x", Some(("x", ""))),
            ("bash -lc x", Some(("x", ""))),
            ("bash", Some(("<stdin>", ""))),
            ("bash -", Some(("<stdin>", ""))),
            ("bash -e", Some(("<stdin>", "errexit"))),
            ("bash -x script.sh", None),
            ("bash script.sh -c x", None),
            ("python3 -c x", None),
            ("su - app -c x", Some(("x", ""))),
            ("su -c x app", Some(("x", ""))),
            ("su app", None),
        ] {
            assert_eq!(call(text), want.map(|(script, options)| (script.to_string(), options.to_string())), "{text}");
        }
    }
}
