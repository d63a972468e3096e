//! What a started program brings with it: the commands of `sh -c "…"`, the program behind `timeout` or `sudo`, files
//! among the arguments.

use super::NeedKind;
use crate::rewrite::entry::BUILTINS;
use crate::rewrite::paths::{is_system_dir, parent};
use crate::rewrite::standing::reads_its_directory;
use crate::shell::{Dialect, ShellCommand, parse_text};
use crate::text::{MappedText, SourceFile, Span};

/// Programs that are shells.
pub(super) const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// Programs that start what their arguments say.
const CARRIERS: &[&str] = &[
    "busybox",
    "chroot",
    "doas",
    "dumb-init",
    "env",
    "find",
    "flock",
    "gosu",
    "ionice",
    "nice",
    "nohup",
    "nsenter",
    "parallel",
    "perl",
    "python",
    "python3",
    "runuser",
    "ruby",
    "node",
    "php",
    "screen",
    "script",
    "setpriv",
    "setsid",
    "start-stop-daemon",
    "stdbuf",
    "su",
    "su-exec",
    "sudo",
    "time",
    "timeout",
    "tini",
    "tmux",
    "unshare",
    "watch",
    "xargs",
];

/// What the arguments of a started program add; `None` among them is computed.
pub(super) fn of_arguments(program: &str, args: &[Option<String>]) -> Vec<NeedKind> {
    let name = program.rsplit('/').next().unwrap_or(program);
    if SHELLS.contains(&name) {
        return of_shell(name, args);
    }
    if CARRIERS.contains(&name) {
        return vec![NeedKind::MayStart(format!("what {name} starts is not known"))];
    }
    let words: Vec<Option<&str>> = args.iter().map(Option::as_deref).collect();
    let here = reads_its_directory(name, Some(&words));
    let mut found: Vec<NeedKind> = here.then(|| NeedKind::Here(name.to_string())).into_iter().collect();
    if args.iter().any(Option::is_none) {
        found.push(NeedKind::Unknown(format!("what `{name}` is given")));
        return found;
    }
    found.extend(args.iter().flatten().filter(|text| names_a_file(text)).map(|text| named(text, here)));
    found
}

/// A file among the arguments; a program that reads what lies around it reads what lies beside that file, too.
fn named(text: &str, here: bool) -> NeedKind {
    // `convert @list.txt`: the file says what is meant.
    let text = text.trim_start_matches('@');
    let dir = parent(text);
    let around = here && text.starts_with('/') && !is_system_dir(dir) && dir != "/go";
    NeedKind::DataFile(if around { dir.to_string() } else { text.to_string() })
}

/// go-git does everything itself but for a repository on the same machine, which it asks git for.
pub(super) fn of_clone(url: Option<&str>) -> Option<NeedKind> {
    match url {
        // `git@host:path`
        Some(url) if url.contains('@') || url.contains("://") && !url.starts_with("file:") => None,
        Some(_) => Some(NeedKind::Program("git".into())),
        None => {
            let text = "go-git starts git-upload-pack where it clones a local directory";
            Some(NeedKind::Perhaps("git".into(), text.into()))
        }
    }
}

fn of_shell(name: &str, args: &[Option<String>]) -> Vec<NeedKind> {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_deref() {
            None => return vec![NeedKind::MayStart(format!("what {name} starts is computed"))],
            Some(flag) if flag.starts_with('-') && !flag.starts_with("--") && flag.contains('c') => {
                return match rest.next() {
                    Some(Some(text)) => of_text(text),
                    _ => vec![NeedKind::MayStart(format!("what `{name} -c` starts is computed"))],
                };
            }
            Some("-o" | "+o") => {
                rest.next();
            }
            Some(flag) if flag.starts_with(['-', '+']) => {}
            Some(script) => {
                let starts = format!("what the script {script} starts is not known");
                return vec![NeedKind::DataFile(script.to_string()), NeedKind::MayStart(starts)];
            }
        }
    }
    vec![NeedKind::MayStart(format!("what {name} is told to start is not known"))]
}

/// The programs, files and unknowns of shell text.
fn of_text(text: &str) -> Vec<NeedKind> {
    let source = SourceFile::new("sh -c", text);
    let mut mapped = MappedText::default();
    mapped.push(&source, Span::new(0, source.len()));
    let script = parse_text(&mapped, Dialect::Bash);
    let mut found = Vec::new();
    if let Some(reason) = &script.opaque {
        found.push(NeedKind::MayStart(format!("the shell text `{}` is not fully understood: {reason}", short(text))));
    }
    for cmd in script.commands.iter().chain(&script.substitutions) {
        of_command(cmd, &source, text, &mut found);
    }
    found
}

fn of_command(cmd: &ShellCommand, source: &SourceFile, text: &str, found: &mut Vec<NeedKind>) {
    let name = cmd.name.text.as_str();
    let wrapped = cmd.wrappers.iter().map(|word| word.text.rsplit('/').next().unwrap_or(""));
    for wrapper in wrapped.filter(|word| CARRIERS.contains(word) && *word != "time") {
        found.push(NeedKind::Program(wrapper.to_string()));
    }
    let reads = |target: &str, literal: bool, writes: bool| {
        let absolute = target.starts_with('/');
        let place = match cmd.dir.as_deref() {
            _ if absolute => Some(target.to_string()),
            Some("") => Some(target.to_string()),
            Some(dir) => Some(format!("{dir}/{target}")),
            None => None,
        };
        match place.filter(|_| literal) {
            Some(path) if ["/dev/", "/proc/", "/sys/"].iter().any(|top| path.starts_with(top)) => None,
            Some(path) if writes && (path == "/tmp" || path.starts_with("/tmp/")) => Some(NeedKind::TempDir),
            Some(path) if writes => Some(NeedKind::WritablePath(path)),
            Some(path) => Some(NeedKind::DataFile(path)),
            None => Some(NeedKind::Unknown(format!("a path of the shell text `{}`", short(text)))),
        }
    };
    for redirect in cmd.redirects.iter().chain(cmd.outer_redirects.iter()) {
        let operator = redirect.operator.as_str();
        if !operator.contains("<<") && !operator.ends_with('&') && !redirect.target.text.is_empty() {
            found.extend(reads(&redirect.target.text, redirect.target.literal, operator.contains('>')));
        }
    }
    match name {
        "" => return,
        "." | "source" | "eval" => {
            found.push(NeedKind::MayStart(format!("what `{name}` runs in `{}` is not known", short(text))));
            return;
        }
        _ if cmd.opaque || !cmd.name.literal => {
            found.push(NeedKind::MayStart(format!("`{}` starts a program whose name is computed", short(text))));
            return;
        }
        "echo" | "printf" => return,
        _ if BUILTINS.contains(&name) => {}
        _ => {
            let written = source.slice(cmd.name.span).trim_matches(['"', '\'']);
            let written = if written.rsplit('/').next() == Some(name) { written } else { name };
            found.push(NeedKind::Program(written.to_string()));
            let words: Vec<Option<&str>> =
                cmd.args.iter().map(|arg| arg.literal.then_some(arg.text.as_str())).collect();
            // What it starts by a path of the sources is looked at by itself.
            let by_path = written.contains('/') && !written.starts_with('/');
            if !by_path && reads_its_directory(name, Some(&words)) && !CARRIERS.contains(&name) {
                match cmd.dir.as_deref() {
                    Some("") => found.push(NeedKind::Here(name.to_string())),
                    Some(dir) => found.push(NeedKind::DataFile(dir.to_string())),
                    None => found.push(NeedKind::Unknown(format!("where `{name}` is started"))),
                }
            }
        }
    }
    if CARRIERS.contains(&name) {
        found.push(NeedKind::MayStart(format!("what {name} starts is not known")));
    }
    for arg in &cmd.args {
        if !arg.literal {
            found.extend(reads(&arg.text, false, false));
        } else if names_a_file(&arg.text) {
            found.extend(reads(&arg.text, true, false));
        }
    }
}

/// `data/x.txt`, `/etc/x`, but no flag, no address and no sentence.
pub(super) fn names_a_file(text: &str) -> bool {
    let plain = !text.starts_with('-')
        && !is_address(text)
        && !text.contains("://")
        && !text.contains(|c: char| c.is_whitespace());
    let inner = text.trim_start_matches("./");
    plain && text.len() < 300 && (text.contains('/') || inner.trim_matches('.').contains('.')) && text != "/"
}

/// `:443`, `8.8.8.8`, `git@host:path`
pub(super) fn is_address(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let numbers = host.split('/').next().unwrap_or("").split('.');
    host.is_empty() && number(port) || numbers.clone().count() == 4 && numbers.clone().all(number) || {
        let user = host.split_once('@').is_some_and(|(user, host)| !user.contains('/') && !host.contains('/'));
        user && !port.is_empty()
    }
}

fn short(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or("");
    line.char_indices().nth(60).and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_text_is_read_like_a_command() {
        for (program, args, want) in [
            ("sh", &["-c", "git log | head"][..], "Program(\"git\") Here(\"git\") Program(\"head\")"),
            ("/bin/bash", &["-ec", "cd web && ./run.sh < in.txt"], "DataFile(\"web/in.txt\") Program(\"./run.sh\")"),
            ("sh", &["-c", "echo $((1 + 1))"], ""),
            ("sh", &["-c", "exec gosu app api"], "Program(\"gosu\") Program(\"api\") Here(\"api\")"),
            ("sh", &["-c", "?"], "MayStart(\"what `sh -c` starts is computed\")"),
            ("bash", &["x.sh"], "DataFile(\"x.sh\") MayStart(\"what the script x.sh starts is not known\")"),
            ("bash", &[], "MayStart(\"what bash is told to start is not known\")"),
            ("sh", &["-c", ". ./env.sh"], "MayStart(\"what `.` runs in `. ./env.sh` is not known\")"),
            ("timeout", &["5", "git"], "MayStart(\"what timeout starts is not known\")"),
            ("git", &["version"], ""),
            ("git", &["log", "?"], "Here(\"git\") Unknown(\"what `git` is given\")"),
            ("hugo", &["-s", "/srv/site/a.toml"], "Here(\"hugo\") DataFile(\"/srv/site\")"),
            ("ffmpeg", &["-i", "assets/a.mp4"], "DataFile(\"assets/a.mp4\")"),
        ] {
            let args: Vec<Option<String>> = args.iter().map(|arg| (*arg != "?").then(|| arg.to_string())).collect();
            let found: Vec<String> = of_arguments(program, &args).iter().map(|kind| format!("{kind:?}")).collect();
            assert_eq!(found.join(" "), want, "{program} {args:?}");
        }
    }
}
