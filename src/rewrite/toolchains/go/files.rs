//! The commands that move files about, and those that leave them alone.

use crate::shell::ShellCommand;

pub const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// What a file command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    MakeDirs(Vec<String>),
    Touch(Vec<String>),
    Remove(Vec<String>),
    /// Changes the files in place: `strip`, `upx`, `chmod`, `setcap`.
    Change(Vec<String>),
    Transfer {
        how: How,
        sources: Vec<String>,
        dest: String,
        into_dir: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Copy,
    Move,
    /// The source is a path like any other: a hard link, `ln -sr`, `cp -s`.
    Link,
    /// The source is what the link says.
    Symlink,
}

impl How {
    pub fn links(self) -> bool {
        matches!(self, How::Link | How::Symlink)
    }
}

pub fn is_file_command(name: &str) -> bool {
    matches!(
        name,
        "mkdir"
            | "touch"
            | "rm"
            | "rmdir"
            | "unlink"
            | "strip"
            | "upx"
            | "chmod"
            | "chown"
            | "chgrp"
            | "setcap"
            | "cp"
            | "mv"
            | "ln"
            | "install"
    )
}

/// Commands after which the files that this analysis speaks of are as they were: package managers work elsewhere,
/// printing and testing changes nothing.
pub fn leaves_files_alone(name: &str, command: &ShellCommand) -> bool {
    matches!(
        name,
        "" | "["
            | "[["
            | "adduser"
            | "addgroup"
            | "apk"
            | "apt"
            | "apt-get"
            | "basename"
            | "cat"
            | "cd"
            | "command"
            | "date"
            | "dirname"
            | "dpkg"
            | "echo"
            | "env"
            | "exit"
            | "export"
            | "false"
            | "file"
            | "gofmt"
            | "golangci-lint"
            | "golint"
            | "grep"
            | "groupadd"
            | "hash"
            | "head"
            | "id"
            | "ldconfig"
            | "ldd"
            | "ls"
            | "passwd"
            | "printf"
            | "pwd"
            | "readelf"
            | "set"
            | "sha256sum"
            | "sleep"
            | "staticcheck"
            | "stat"
            | "tail"
            | "test"
            | "time"
            | "true"
            | "uname"
            | "unset"
            | "update-ca-certificates"
            | "useradd"
            | "usermod"
            | "wait"
            | "wc"
            | "which"
            | "whoami"
            | ":"
    ) || matches!(name, "git" | "npm" | "yarn" | "pip" | "pip3") && only_tools(name, command)
}

fn only_tools(name: &str, command: &ShellCommand) -> bool {
    let first = command.args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
    match name {
        "git" => matches!(first, "config" | "describe" | "rev-parse" | "log" | "status" | "version"),
        "npm" | "yarn" => command.args.iter().any(|arg| arg.text == "-g" || arg.text == "global"),
        _ => first == "install",
    }
}

/// Takes the words of a file command apart; `None` when one of them is not understood.
pub fn read(name: &str, words: &[String]) -> Option<Call> {
    let with_value: &[&str] = match name {
        "mkdir" => &["-m", "--mode"],
        "install" => &["-m", "-o", "-g", "--mode", "--owner", "--group"],
        "touch" => &["-d", "-t", "-r"],
        "strip" => &["-K", "-N", "-R", "-F"],
        "cp" | "mv" | "ln" => &["-S"],
        _ => &[],
    };
    let mut plain = Vec::new();
    let mut flags = Vec::new();
    let mut target_dir = None;
    let mut output = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--" => {
                plain.extend(rest.by_ref().cloned());
            }
            "-t" | "--target-directory" if matches!(name, "cp" | "mv" | "ln" | "install") => {
                target_dir = rest.next().cloned()
            }
            bundle
                if matches!(name, "cp" | "mv" | "ln" | "install")
                    && crate::rewrite::operands::is_bundle_with_t(bundle) =>
            {
                let (before, glued) = bundle.split_once('t').unwrap_or((bundle, ""));
                flags.push(before.to_string());
                target_dir = if glued.is_empty() { rest.next().cloned() } else { Some(glued.to_string()) };
            }
            "-o" if matches!(name, "upx" | "strip") => output = Some(rest.next()?.clone()),
            flag if with_value.contains(&flag) => {
                rest.next();
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {
                if let Some(dir) = flag.strip_prefix("--target-directory=") {
                    target_dir = Some(dir.to_string());
                } else if let Some(path) = flag.strip_prefix("-o").filter(|path| name == "upx" && !path.is_empty()) {
                    output = Some(path.to_string());
                }
                flags.push(flag.to_string());
            }
            _ => plain.push(word.clone()),
        }
    }
    let short = |letter: char| flags.iter().any(|flag| !flag.starts_with("--") && flag.contains(letter));
    let long = |name: &str| flags.iter().any(|flag| flag == name);
    match name {
        "mkdir" => Some(Call::MakeDirs(plain)),
        "install" if short('d') || flags.iter().any(|flag| flag == "--directory") => Some(Call::MakeDirs(plain)),
        "touch" => Some(Call::Touch(plain)),
        "rm" | "rmdir" | "unlink" => Some(Call::Remove(plain)),
        "strip" | "upx" => match (output, plain.as_slice()) {
            (Some(to), [from]) => {
                Some(Call::Transfer { how: How::Copy, sources: vec![from.clone()], dest: to, into_dir: false })
            }
            (Some(_), _) => None,
            (None, _) => Some(Call::Change(plain)),
        },
        // The first word is the mode, the owner or the capabilities.
        "chmod" | "chown" | "chgrp" | "setcap" => Some(Call::Change(plain.into_iter().skip(1).collect())),
        "cp" | "mv" | "ln" | "install" => {
            let how = match name {
                "mv" => How::Move,
                "ln" if (short('s') || long("--symbolic")) && !short('r') && !long("--relative") => How::Symlink,
                "ln" => How::Link,
                "cp" if short('s') || long("--symbolic-link") => How::Link,
                _ => How::Copy,
            };
            // `cp --parents` keeps directories.
            if flags.iter().any(|flag| flag == "--parents") {
                return None;
            }
            if let Some(dest) = target_dir {
                return Some(Call::Transfer { how, sources: plain, dest, into_dir: true });
            }
            let dest = plain.pop()?;
            if plain.is_empty() {
                // `ln -s /a/b` makes ./b.
                return how.links().then(|| Call::Transfer {
                    how,
                    sources: vec![dest],
                    dest: ".".into(),
                    into_dir: true,
                });
            }
            Some(Call::Transfer { how, sources: plain, dest, into_dir: false })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        let words: Vec<String> = text.split_whitespace().map(String::from).collect();
        let got = read(&words[0], &words[1..]).map(|call| match call {
            Call::MakeDirs(names) => format!("dirs {}", names.join(" ")),
            Call::Touch(names) => format!("touch {}", names.join(" ")),
            Call::Remove(names) => format!("remove {}", names.join(" ")),
            Call::Change(names) => format!("change {}", names.join(" ")),
            Call::Transfer { how, sources, dest, into_dir } => {
                format!("{how:?} {} > {dest}{}", sources.join(" "), if into_dir { "/" } else { "" })
            }
        });
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn file_commands_are_taken_apart() {
        check("mkdir -p -m 755 a b", Some("dirs a b"));
        check("mv a b c/", Some("Move a b > c/"));
        check("cp -r a b", Some("Copy a > b"));
        check("cp -t d a b", Some("Copy a b > d/"));
        check("ln -sf /a/b /usr/bin/b", Some("Symlink /a/b > /usr/bin/b"));
        check("ln -s /a/b", Some("Symlink /a/b > ./"));
        check("ln -sr a /usr/bin/b", Some("Link a > /usr/bin/b"));
        check("ln a b", Some("Link a > b"));
        check("install -m 0755 -o root a /usr/bin", Some("Copy a > /usr/bin"));
        check("install -d /x", Some("dirs /x"));
        check("upx --best -o small big", Some("Copy big > small"));
        check("upx -9 app", Some("change app"));
        check("strip --strip-all app", Some("change app"));
        check("chmod +x a b", Some("change a b"));
        check("setcap cap_net_bind_service=+ep /app", Some("change /app"));
        check("rm -rf a b", Some("remove a b"));
        check("cp a", None);
        check("cp --parents a b", None);
    }
}
