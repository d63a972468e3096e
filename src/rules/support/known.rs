//! Commands whose whole effect is known well enough to say what they do not do: they run no script of the author's.

use crate::shell::{Script, ShellCommand};

/// Programs that only work on files, users and packages.
const PLAIN: &[&str] = &[
    "[",
    "[[",
    ":",
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "apt-key",
    "apt-mark",
    "awk",
    "base64",
    "basename",
    "bunzip2",
    "bzip2",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "chsh",
    "cp",
    "curl",
    "cut",
    "date",
    "deluser",
    "delgroup",
    "dirname",
    "dnf",
    "dpkg",
    "dpkg-query",
    "echo",
    "egrep",
    "export",
    "false",
    "fc-cache",
    "fgrep",
    "find",
    "gem",
    "getent",
    "git",
    "gpg",
    "grep",
    "groupadd",
    "groupdel",
    "groupmod",
    "gunzip",
    "gzip",
    "head",
    "id",
    "install",
    "ldconfig",
    "ln",
    "locale-gen",
    "ls",
    "md5sum",
    "microdnf",
    "mkdir",
    "mktemp",
    "mv",
    "passwd",
    "pip",
    "pip3",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "rpm",
    "sed",
    "set",
    "setcap",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sleep",
    "sort",
    "stat",
    "tail",
    "tar",
    "tdnf",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "type",
    "uname",
    "uniq",
    "unset",
    "unxz",
    "unzip",
    "update-alternatives",
    "update-ca-certificates",
    "update-locale",
    "useradd",
    "userdel",
    "usermod",
    "wc",
    "wget",
    "which",
    "xz",
    "yum",
    "zip",
    "zypper",
];

/// Programs that build or install by rules of a project, and do not touch the system's packages.
const BUILDERS: &[&str] = &[
    "bundle", "bundler", "cargo", "composer", "corepack", "dotnet", "go", "gradle", "gradlew", "java", "javac", "mvn",
    "mvnw", "node", "npm", "npx", "php", "pipenv", "pnpm", "poetry", "python", "python3", "ruby", "rustc", "rustup",
    "uv", "yarn",
];

/// The command only works on files, users and packages; what it does depends on nothing that the author wrote elsewhere.
pub fn plain(cmd: &ShellCommand) -> bool {
    !cmd.opaque && (cmd.name.text.is_empty() || (PLAIN.contains(&cmd.name.text.as_str()) && !runs_another(cmd)))
}

/// As `plain`, or it builds the author's project.
pub fn plain_or_builder(cmd: &ShellCommand) -> bool {
    plain(cmd) || (!cmd.opaque && BUILDERS.contains(&cmd.name.text.as_str()))
}

/// `find -exec` and the like start programs that are not seen.
fn runs_another(cmd: &ShellCommand) -> bool {
    cmd.name.text == "find" && cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "-exec" | "-execdir" | "-ok"))
}

pub fn all(script: &Script, good: fn(&ShellCommand) -> bool) -> bool {
    script.opaque.is_none() && script.commands.iter().chain(&script.substitutions).all(good)
}
