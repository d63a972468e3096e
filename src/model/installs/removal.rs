//! Whether a script removes a path: `rm -rf`, `find … -delete`, and the managers' own clean commands.

use super::{Action, call};
use crate::shell::{Dialect, Script, ShellCommand, ShellWord};

/// A later command that removes the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Index into the script's commands.
    pub command: usize,
    /// It surely runs and takes everything that matters away.
    pub sure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Covers {
    No,
    Partly,
    Whole,
}

/// The first command behind `after` that removes `path`, a sure one before one that only may.
/// `path` is absolute, or begins with `~` for the home directory of whoever runs it.
pub fn removal(script: &Script, after: usize, path: &str) -> Option<Removal> {
    let mut perhaps = None;
    for (index, command) in script.commands.iter().enumerate().skip(after + 1) {
        let covers = covers(command, path, script.dialect);
        if covers == Covers::Whole && !command.conditional && !command.opaque && script.opaque.is_none() {
            return Some(Removal { command: index, sure: true });
        }
        if covers != Covers::No && perhaps.is_none() {
            perhaps = Some(Removal { command: index, sure: false });
        }
    }
    perhaps
}

/// The command removes everything below `path`, or `path` itself.
pub fn removes(command: &ShellCommand, path: &str, dialect: Dialect) -> bool {
    covers(command, path, dialect) == Covers::Whole
}

fn covers(command: &ShellCommand, path: &str, dialect: Dialect) -> Covers {
    let path = home(path);
    match command.name.text.as_str() {
        "rm" => rm(command, &path, dialect),
        "find" => find(command, &path),
        _ => clean(command, &path),
    }
}

fn rm(command: &ShellCommand, path: &str, dialect: Dialect) -> Covers {
    let recursive = command.has_short('r') || command.has_short('R') || command.has_flag(&["--recursive"]);
    let mut best = Covers::No;
    let mut flags = true;
    for word in &command.args {
        if flags && word.text == "--" {
            flags = false;
        } else if flags && word.text.starts_with('-') {
        } else {
            // dash leaves braces alone: then nothing is removed.
            let expanded = if word.text.contains('{') { braces(&word.text) } else { vec![word.text.clone()] };
            let sure = expanded.len() == 1 || dialect == Dialect::Bash;
            for text in expanded {
                let mut found = target(&text, word.literal, command, path);
                if !recursive || !sure {
                    // Without -r only the files of one level go.
                    found = found.min(Covers::Partly);
                }
                best = best.max(found);
            }
        }
    }
    best
}

/// `find PATH… [tests] -delete` or `-exec rm … {} +`.
fn find(command: &ShellCommand, path: &str) -> Covers {
    let is_start = |word: &&ShellWord| !word.text.starts_with('-') && word.text != "(" && word.text != "!";
    let starts: Vec<&ShellWord> = command.args.iter().take_while(is_start).collect();
    let tests = command.args.get(starts.len()..).unwrap_or_default();
    let mut deletes = false;
    let mut all = true;
    let mut words = tests.iter().map(|word| word.text.as_str());
    while let Some(word) = words.next() {
        match word {
            "-delete" => deletes = true,
            "-exec" | "-execdir" => {
                deletes |= words.next().is_some_and(|program| program.rsplit('/').next() == Some("rm"));
                if words.by_ref().any(|word| matches!(word, ";" | "+")) {}
            }
            "-type" => all &= words.next().is_some_and(|kind| kind.contains('f')),
            "-mindepth" => all &= words.next() == Some("1"),
            "-maxdepth" => {
                words.next();
            }
            "-depth" | "-xdev" | "-mount" | "-print" | "-print0" => {}
            _ => all = false,
        }
    }
    if !deletes {
        return Covers::No;
    }
    let found = starts.iter().map(|start| target(&start.text, start.literal, command, path)).max();
    let found = found.unwrap_or(Covers::No);
    if all { found } else { found.min(Covers::Partly) }
}

fn clean(command: &ShellCommand, path: &str) -> Covers {
    let Some(call) = call(command).filter(|call| call.action == Action::Clean) else { return Covers::No };
    let matching = call.facts.clean.iter().filter(|clean| {
        super::begins_with(command, call.verb, clean.words)
            && (clean.flags.is_empty() || call.has(command, clean.flags))
    });
    let paths = matching.flat_map(|clean| clean.paths);
    paths.map(|cleaned| below(&home(cleaned), path)).max().unwrap_or(Covers::No)
}

/// What removing `text` (a word as the shell gets it, perhaps with globs) does to `path`.
fn target(text: &str, literal: bool, command: &ShellCommand, path: &str) -> Covers {
    let text = home(text);
    if !literal && text.contains('$') {
        return Covers::No;
    }
    let absolute = if text.starts_with(['/', '~']) {
        text
    } else {
        match command.dir.as_deref() {
            Some(dir) if dir.starts_with('/') => format!("{}/{text}", home(dir)),
            _ => return Covers::No,
        }
    };
    below(&absolute, path)
}

/// Removing `removed` against the wish to be rid of `path`.
fn below(removed: &str, path: &str) -> Covers {
    let removed: Vec<&str> = parts(removed);
    let path: Vec<&str> = parts(path);
    for (index, part) in removed.iter().enumerate() {
        match path.get(index) {
            Some(wanted) if *part == ".." || *wanted == ".." => return Covers::No,
            Some(wanted) if glob(part, wanted) => {}
            Some(_) => return Covers::No,
            // `path/*` takes everything that is in it, `path/partial` does not.
            None if index + 1 == removed.len() && matches!(*part, "*" | "**" | "*.*") => return Covers::Whole,
            None => return Covers::Partly,
        }
    }
    if removed.is_empty() { Covers::No } else { Covers::Whole }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

/// `*` and `?` in one component of a path.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || text.get(from) == Some(byte) => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// The home directory in one shape: `$HOME/x`, `/root/x` and `/home/app/x` are `~/x`.
fn home(path: &str) -> String {
    for prefix in ["${HOME}", "$HOME", "/root", "~"] {
        if let Some(rest) = path.strip_prefix(prefix)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("~{rest}");
        }
    }
    if let Some(rest) = path.strip_prefix("/home/")
        && let Some((_, rest)) = rest.split_once('/')
    {
        return format!("~/{rest}");
    }
    path.to_string()
}

/// `/a/{b,c}/*`: `/a/b/*` and `/a/c/*`. At most a few hundred words; more are left as they are.
fn braces(text: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![text.to_string()];
    while let Some(word) = open.pop() {
        if done.len() + open.len() > 256 {
            return vec![text.to_string()];
        }
        let Some((head, inside, tail)) = first_brace(&word) else {
            done.push(word);
            continue;
        };
        for part in inside {
            open.push(format!("{head}{part}{tail}"));
        }
    }
    done
}

fn first_brace(word: &str) -> Option<(&str, Vec<&str>, &str)> {
    let start = word.find('{').filter(|at| !word.get(..*at).is_some_and(|head| head.ends_with('$')))?;
    let mut depth = 0;
    let mut from = start + 1;
    let mut inside = Vec::new();
    for (at, byte) in word.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => {
                inside.push(word.get(from..at)?);
                from = at + 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    inside.push(word.get(from..at)?);
                    let whole = (word.get(..start)?, inside, word.get(at + 1..)?);
                    return (whole.1.len() > 1).then_some(whole);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::parse_text;
    use crate::text::{MappedText, SourceFile, Span};

    fn found(text: &str, path: &str, dialect: Dialect) -> Option<(usize, bool)> {
        let source = SourceFile::new("x.sh", format!("a; {text}"));
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(0, source.len()));
        removal(&parse_text(&mapped, dialect), 0, path).map(|removal| (removal.command, removal.sure))
    }

    #[test]
    fn what_removes_the_lists_is_known() {
        let lists = "/var/lib/apt/lists";
        for (text, want) in [
            ("rm -rf /var/lib/apt/lists/*", Some(true)),
            ("rm -rf /var/lib/apt/lists", Some(true)),
            ("rm -r -f /var/lib/apt/lists/", Some(true)),
            ("rm -fr -- /tmp/* /var/lib/apt/lists/* /var/tmp/*", Some(true)),
            ("rm /var/lib/apt/lists/* -rf", Some(true)),
            ("rm --recursive --force /var/lib/apt/lists/*", Some(true)),
            ("rm -rf \"/var/lib/apt/lists/\"*", Some(true)),
            ("rm -rf /var/lib/apt/*", Some(true)),
            ("rm -rf /var/lib/apt/list*", Some(true)),
            ("rm -rf /var/lib/apt/lists*", Some(true)),
            ("rm -rf /var/lib/*/lists", Some(true)),
            ("rm -rf /var/lib/apt", Some(true)),
            ("rm -rf /var/lib/{apt,dpkg,cache,log}/", Some(true)),
            ("rm -rf /var/{cache/apt,lib/apt/lists}/*", Some(true)),
            ("cd /var/lib/apt && rm -rf lists/*", Some(true)),
            ("sudo rm -rf /var/lib/apt/lists/*", Some(true)),
            ("sh -c 'rm -rf /var/lib/apt/lists/*'", Some(true)),
            ("find /var/lib/apt/lists -type f -delete", Some(true)),
            ("find /var/lib/apt/lists -mindepth 1 -delete", Some(true)),
            ("find /var/lib/apt/lists/ -type f -exec rm -f {} +", Some(true)),
            ("apt-get distclean", Some(true)),
            ("rm -f /var/lib/apt/lists/*", Some(false)),
            ("rm -rf /var/lib/apt/lists/partial", Some(false)),
            ("rm -rf /var/lib/apt/lists/*_dists_*", Some(false)),
            ("find /var/lib/apt/lists -name '*.lz4' -delete", Some(false)),
            ("b || rm -rf /var/lib/apt/lists/*", Some(false)),
            ("if b; then rm -rf /var/lib/apt/lists/*; fi", Some(false)),
            ("rm -rf /tmp/x", None),
            ("rm -rf /var/lib/aptitude", None),
            ("rm -rf /var/cache/apt/*", None),
            ("rm -rf lists/*", None),
            ("rm -rf $X/var/lib/apt/lists/*", None),
            ("rm -rf /var/lib/apt/../dpkg/*", None),
            ("ls /var/lib/apt/lists/*", None),
            ("apt-get clean", None),
            ("find /var/lib/apt/lists -type f", None),
            ("echo rm -rf /var/lib/apt/lists/*", None),
        ] {
            assert_eq!(found(text, lists, Dialect::Bash).map(|(_, sure)| sure), want, "{text}");
        }
        // dash does not expand braces.
        assert_eq!(found("rm -rf /var/lib/{apt,dpkg}", lists, Dialect::Posix), Some((1, false)));
    }

    #[test]
    fn clean_commands_remove_what_the_table_says() {
        for (text, path, want) in [
            ("dnf clean all", "/var/cache/dnf", Some(true)),
            ("yum -y clean all", "/var/cache/yum", Some(true)),
            ("dnf clean packages", "/var/cache/dnf", None),
            ("zypper clean -a", "/var/cache/zypp", Some(true)),
            ("zypper clean", "/var/cache/zypp", Some(false)),
            ("npm cache clean --force", "/root/.npm", Some(true)),
            ("npm cache clean", "~/.npm", None),
            ("go clean -cache -modcache", "/go/pkg/mod", Some(true)),
            ("go clean -cache", "/go/pkg/mod", None),
            ("pip3 cache purge", "~/.cache/pip", Some(true)),
            ("rm -rf ~/.cache", "/root/.cache/pip", Some(true)),
            ("rm -rf $HOME/.cache/pip", "~/.cache/pip", Some(true)),
            ("rm -rf \"${HOME}/.cache/pip\"", "~/.cache/pip", Some(true)),
            ("rm -rf /root/.cache/*", "~/.cache/pip", Some(true)),
            ("rm -rf /home/app/.npm", "~/.npm", Some(true)),
        ] {
            assert_eq!(found(text, path, Dialect::Posix).map(|(_, sure)| sure), want, "{text}");
        }
    }

    #[test]
    fn globs_match_one_component() {
        for (pattern, text, want) in [
            ("*", "lists", true),
            ("l*s", "lists", true),
            ("l?sts", "lists", true),
            ("l*x", "lists", false),
            ("lists?", "lists", false),
            ("**a*", "bab", true),
        ] {
            assert_eq!(glob(pattern, text), want, "{pattern}");
        }
        assert_eq!(braces("/a/{b,c{d,e}}/*").len(), 3);
        assert_eq!(braces("${x}/{a}"), ["${x}/{a}"]);
    }
}
