//! What each RUN does to the image beside building: packages, accounts, directories, files, or something unknown.

use super::case::Case;
pub(super) use super::operands::{Scope, absolute, moves, path_args};
use super::operands::{last_place, operands, places, redirect_targets, targets};
use super::paths::{base_name, is_system_dir};
use crate::model::{Install, Manager, Step};
use crate::shell::{ShellCommand, ShellWord};
use crate::syntax::InstId;

/// One command of one RUN.
#[derive(Clone, Debug)]
pub(super) struct Effect<'a> {
    pub inst: InstId,
    pub step: &'a Step,
    pub cmd: &'a ShellCommand,
    pub kind: Kind<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    /// Leaves nothing behind that a program could see.
    Nothing,
    /// Works on sources and caches: what it writes stays in the directory it runs in or in the caches.
    Build,
    Install(&'a Install),
    /// `apt-get update`, `rm -rf /var/lib/apt/lists/*`: belongs to an install beside it.
    PackageNoise,
    /// `apk del`, `apt-get purge`: the packages are gone again.
    Remove(Vec<String>),
    /// `adduser`, `groupadd`.
    Account,
    /// `mkdir`, `touch`: makes these paths.
    Make(Vec<String>),
    /// `chown`: owner and paths.
    Own(String, Vec<String>),
    /// `chmod`: the mode travels with a file, but not with the directory that a COPY names.
    Mode(Vec<String>),
    /// Writes these files and nothing else.
    Write(Vec<String>),
    /// `update-ca-certificates`.
    TrustStore,
    /// An archive is unpacked into this directory of the base, and what is in it is not known.
    Unpack(String),
    /// File capabilities or set-user-id.
    Capabilities,
    /// Not known, and why it matters.
    Unknown(String),
}

/// Where glibc has the locales that `locale-gen` makes.
pub(super) const LOCALES: &str = "/usr/lib/locale";

/// Every command of every RUN, in order. A RUN that the shell view does not understand is one unknown.
pub(super) fn effects<'a>(case: &Case<'a>) -> (Vec<Effect<'a>>, Vec<(InstId, String)>) {
    let mut all = Vec::new();
    let mut opaque = Vec::new();
    for (step, _) in case.runs() {
        let Some(script) = &step.script else {
            opaque.push((step.inst, "its shell is not known".to_string()));
            continue;
        };
        if let Some(reason) = &script.opaque {
            opaque.push((step.inst, reason.clone()));
        }
        for (index, cmd) in script.commands.iter().enumerate() {
            let install = step.installs.iter().find(|install| install.command == index);
            let mut kind = kind(case, step, cmd, install);
            // What lands in a mount is gone when the RUN ends.
            if let Kind::Write(paths) | Kind::Make(paths) = &mut kind {
                paths.retain(|path| !step.is_mounted(path));
                if paths.is_empty() && !step.mounts.is_empty() {
                    kind = Kind::Build;
                }
            }
            all.push(Effect { inst: step.inst, step, cmd, kind });
        }
    }
    (all, opaque)
}

/// `yt-dlp --version`, by which a RUN shows that the program is there.
fn only_asks(cmd: &ShellCommand) -> bool {
    let asks = |arg: &ShellWord| arg.literal && matches!(arg.text.as_str(), "--version" | "-version" | "-V" | "--help");
    matches!(cmd.args.as_slice(), [arg] if asks(arg))
}

/// Commands that only look or speak.
const HARMLESS: &[&str] = &[
    "",
    "cd",
    "set",
    "export",
    "unset",
    "true",
    "false",
    ":",
    "test",
    "[",
    "[[",
    "ls",
    "pwd",
    "env",
    "printenv",
    "date",
    "uname",
    "whoami",
    "id",
    "which",
    "command",
    "type",
    "exit",
    "sleep",
    "trap",
    "umask",
    "ulimit",
    "wait",
    "local",
    "readonly",
    "return",
    "shift",
    "read",
    "dpkg-query",
    "file",
    "du",
    "df",
    "stat",
    "readlink",
    "basename",
    "dirname",
    "nproc",
    "ldd",
    "sha256sum",
    "sha512sum",
    "md5sum",
    "gpgconf",
    "hash",
    "getent",
    "groups",
    // Only a cache, which whoever reads fonts makes again.
    "fc-cache",
];

/// Tools that read sources and write into the directory they run in.
const BUILDERS: &[&str] = &[
    "go",
    "gofmt",
    "goimports",
    "git",
    "make",
    "gmake",
    "swag",
    "templ",
    "protoc",
    "buf",
    "sqlc",
    "mockgen",
    "wire",
    "statik",
    "packr",
    "packr2",
    "rice",
    "go-bindata",
    "go-bindata-assetfs",
    "esc",
    "vfsgendev",
    "golangci-lint",
    "staticcheck",
    "golint",
    "gosec",
    "upx",
    "strip",
    "yarn",
    "pnpm",
    "npx",
    "tsc",
    "webpack",
    "dep",
    "glide",
    "govendor",
    "godep",
    "gvt",
    "gb",
    "mage",
    "task",
    "just",
    "patch",
    "awk",
    "grep",
    "sort",
    "head",
    "tail",
    "cut",
    "tr",
    "wc",
    "gqlgen",
    "ent",
    "stringer",
    "easyjson",
    "msgp",
    "oapi-codegen",
    "qtc",
    "tailwindcss",
    "hugo",
    "gox",
    "goreleaser",
    "xcaddy",
    "sqlboiler",
    "ginkgo",
    "gotestsum",
    "find",
    "xargs",
    "openapi-generator",
    "cmp",
    "diff",
    "gpg",
];

fn kind<'a>(case: &Case<'_>, step: &'a Step, cmd: &'a ShellCommand, install: Option<&'a Install>) -> Kind<'a> {
    if let Some(install) = install {
        return match install.manager {
            Manager::Apt
            | Manager::Apk
            | Manager::Dnf
            | Manager::Yum
            | Manager::Microdnf
            | Manager::Tdnf
            | Manager::Zypper => Kind::Install(install),
            Manager::Go | Manager::Cargo => Kind::Build,
            // `npm ci` in the directory of the sources; a global install is more than that.
            Manager::Npm | Manager::Yarn | Manager::Pnpm if !cmd.has_flag(&["-g", "--global"]) => Kind::Build,
            _ => Kind::Unknown(format!("{} installs packages of a language", cmd.name.text)),
        };
    }
    let name = cmd.name.text.as_str();
    let redirected = redirect_targets(case, step, cmd);
    let redirected = match redirected {
        Ok(paths) => paths,
        Err(reason) => return Kind::Unknown(reason),
    };
    if cmd.opaque {
        return Kind::Unknown(format!("what {name} does is not sure"));
    }
    let first = first_operand(cmd);
    if let Some(path) = configured_by_git(cmd).and_then(|path| absolute(case, step, cmd, path)) {
        return Kind::Write(redirected.into_iter().chain([path]).collect());
    }
    let kind = match name {
        "echo" | "printf" | "cat" | "tee" | "envsubst" | "ssh-keyscan" => {
            let mut written = redirected.clone();
            if name == "tee" {
                match operands(case, step, cmd) {
                    Some(paths) => written.extend(paths),
                    None => return Kind::Unknown("the file that tee writes is computed".into()),
                }
            }
            return if written.is_empty() { Kind::Nothing } else { Kind::Write(written) };
        }
        "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf" | "zypper" | "apt-cache" | "dpkg" | "aptitude" => {
            package_call(name, first, cmd)
        }
        "gcc" | "cc" | "g++" | "c++" | "clang" | "clang++" | "musl-gcc" if compiled(cmd).is_some() => {
            match compiled(cmd).and_then(|path| absolute(case, step, cmd, &path)) {
                Some(path) => Kind::Write(vec![path]),
                None => Kind::Unknown("the program that is compiled has a computed name".into()),
            }
        }
        "go" if matches!(first, "env" | "version" | "list" | "vet" | "test" | "help") => Kind::Build,
        "npm" if !cmd.has_flag(&["-g", "--global"]) => Kind::Build,
        _ if HARMLESS.contains(&name) => Kind::Nothing,
        _ if BUILDERS.contains(&name) => Kind::Build,
        "adduser" | "addgroup" | "useradd" | "groupadd" | "usermod" | "groupmod" | "deluser" | "delgroup"
        | "passwd" | "chpasswd" => Kind::Account,
        "mkdir" | "touch" => match operands(case, step, cmd) {
            Some(paths) => Kind::Make(paths),
            None => match places(case, step, cmd) {
                Some(dirs) => Kind::Write(dirs),
                None => Kind::Unknown(format!("the paths of {name} are computed")),
            },
        },
        "chmod" => {
            if first.starts_with("u+s")
                || first.starts_with("+s")
                || (first.len() == 4 && first.starts_with(['4', '2', '6']))
            {
                return Kind::Capabilities;
            }
            Kind::Mode(operands(case, step, cmd).unwrap_or_default())
        }
        "chown" | "chgrp" => match operands(case, step, cmd) {
            Some(paths) => {
                let owner = if name == "chgrp" { format!(":{first}") } else { first.to_string() };
                Kind::Own(owner, paths)
            }
            None => Kind::Unknown(format!("the paths of {name} are computed")),
        },
        "dos2unix" => match operands(case, step, cmd) {
            Some(paths) => Kind::Write(paths),
            None => Kind::Unknown("the files that dos2unix changes are computed".into()),
        },
        "setcap" => Kind::Capabilities,
        "update-ca-certificates" => Kind::TrustStore,
        // Both make it lead to the zone that is asked for, or that /etc/timezone names.
        "dpkg-reconfigure" if cmd.args.last().is_some_and(|arg| arg.text == "tzdata") => {
            Kind::Write(vec!["/etc/localtime".into()])
        }
        "setup-timezone" => Kind::Write(vec!["/etc/localtime".into()]),
        // With or without an archive of them: the directory is in every Debian.
        "locale-gen" | "localedef" => Kind::Write(vec![LOCALES.into()]),
        "dpkg-reconfigure" if cmd.args.iter().any(|arg| arg.text == "locales") => Kind::Write(vec![LOCALES.into()]),
        "update-locale" => Kind::Write(vec!["/etc/default/locale".into()]),
        "ldconfig" => Kind::Nothing,
        "rm" | "rmdir" | "unlink" => Kind::PackageNoise,
        "install" if cmd.has_short('d') || cmd.has_flag(&["--directory"]) => match targets(case, step, cmd) {
            Some(paths) => Kind::Make(paths),
            None => Kind::Unknown("the directories that install makes are computed".into()),
        },
        // `cp --parents` makes directories below the one that it names.
        "cp" if cmd.has_flag(&["--parents"]) => match last_place(case, step, cmd) {
            Some(dir) => Kind::Write(vec![dir]),
            None => Kind::Unknown("where cp writes is not sure".into()),
        },
        "cp" | "mv" | "ln" | "install" => match targets(case, step, cmd) {
            Some(paths) => Kind::Write(paths),
            None if name != "ln" && last_place(case, step, cmd).is_some() => {
                Kind::Write(last_place(case, step, cmd).into_iter().collect())
            }
            None => Kind::Unknown(format!("where {name} writes is not sure")),
        },
        "curl" | "wget" => super::downloads::download(case, step, cmd, &redirected),
        "sed" if cmd.args.iter().any(|arg| writes_a_file(&arg.text)) => {
            Kind::Unknown("sed writes a file that its script names".into())
        }
        "sed" | "perl" => match in_place(case, step, cmd) {
            Some(paths) if paths.is_empty() && redirected.is_empty() => Kind::Nothing,
            Some(paths) => Kind::Write(paths.into_iter().chain(redirected.clone()).collect()),
            None => Kind::Unknown(format!("what {name} changes is not sure")),
        },
        "tar" | "unzip" => unpack(case, step, cmd),
        _ if is_local_script(case, cmd) => Kind::Build,
        _ if only_asks(cmd) => Kind::Nothing,
        _ => Kind::Unknown(format!("what {name} does is not known")),
    };
    match kind {
        Kind::Nothing | Kind::Build | Kind::PackageNoise if !redirected.is_empty() => Kind::Write(redirected),
        kind => kind,
    }
}

/// The file that `git config --global name value` and `git lfs install` surely write.
pub(super) fn configured_by_git(cmd: &ShellCommand) -> Option<&'static str> {
    let mut args: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
    if cmd.name.text == "git-lfs" {
        args.insert(0, "lfs");
    } else if cmd.name.text != "git" {
        return None;
    }
    if cmd.assignments.iter().any(|found| matches!(found.name.as_str(), "HOME" | "XDG_CONFIG_HOME")) {
        return None;
    }
    let flags: Vec<&str> = args.iter().copied().filter(|arg| arg.starts_with('-')).collect();
    let words: Vec<&str> = args.iter().copied().filter(|arg| !arg.starts_with('-')).collect();
    let known =
        ["--add", "--bool", "--force", "--global", "--int", "--path", "--replace-all", "--skip-repo", "--system"];
    let sets = match words.as_slice() {
        ["config", name, _] | ["config", "set", name, _] => {
            name.contains('.') && (flags.contains(&"--global") || flags.contains(&"--system"))
        }
        ["lfs", "install"] => true,
        _ => false,
    };
    let system = flags.contains(&"--system");
    let file = if system { "/etc/gitconfig" } else { "~/.gitconfig" };
    (sets && flags.iter().all(|flag| known.contains(flag) || *flag == "-f" && words.first() == Some(&"lfs")))
        .then_some(file)
}

/// The program that a C compiler links: `-o path`, `-opath`; none with `-c`.
fn compiled(cmd: &ShellCommand) -> Option<String> {
    if cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "-c" | "-E" | "-S")) {
        return None;
    }
    let glued = || cmd.args.iter().find_map(|arg| arg.text.strip_prefix("-o").filter(|path| !path.is_empty()));
    cmd.flag_value("-o").or_else(|| glued().map(String::from))
}

/// The first argument that is neither a flag nor, of apt, the value of one: `update` in `apt -o Acquire::Retries=3 update`.
fn first_operand(cmd: &ShellCommand) -> &str {
    let apt = matches!(cmd.name.text.as_str(), "apt" | "apt-get" | "aptitude");
    let mut args = cmd.args.iter().map(|arg| arg.text.as_str());
    while let Some(arg) = args.next() {
        if apt && matches!(arg, "-o" | "--option" | "-c" | "--config-file" | "-t" | "--target-release") {
            args.next();
        } else if !arg.starts_with('-') {
            return arg;
        }
    }
    ""
}

fn package_call<'a>(name: &str, verb: &str, cmd: &ShellCommand) -> Kind<'a> {
    let rest = || {
        let words = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).skip(1);
        words.map(|arg| arg.text.clone()).collect()
    };
    match (name, verb) {
        (
            _,
            "update" | "clean" | "autoclean" | "makecache" | "refresh" | "check" | "policy" | "show" | "search"
            | "info",
        ) => Kind::PackageNoise,
        (_, "remove" | "purge" | "del" | "autoremove" | "erase") => Kind::Remove(rest()),
        ("apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf", "upgrade" | "dist-upgrade" | "full-upgrade") => {
            Kind::PackageNoise
        }
        ("apk", "fix" | "version" | "cache") => Kind::PackageNoise,
        _ => Kind::Unknown(format!("{name} {verb} changes the packages in a way that is not followed")),
    }
}

/// `w file` of sed, by itself or behind `s/a/b/`.
fn writes_a_file(script: &str) -> bool {
    let is_write = |text: &str| {
        let flags = text.trim_start_matches(|letter: char| letter.is_ascii_digit() || "gpIi".contains(letter));
        flags.strip_prefix('w').is_some_and(|file| file.starts_with(' ') && !file.trim().is_empty())
    };
    match script.strip_prefix('s').and_then(|rest| Some((rest, rest.chars().next()?))) {
        Some((rest, mark)) if mark.is_ascii_punctuation() => rest.split(mark).nth(3).is_some_and(is_write),
        _ => is_write(script.trim_start_matches('$')),
    }
}

/// The files that `sed -i` and `perl -pi` change; none without that flag.
fn in_place(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Option<Vec<String>> {
    let perl = cmd.name.text == "perl";
    let bundle = |text: &str| text.strip_prefix('-').filter(|rest| !rest.starts_with('-')).map(String::from);
    // Behind `e`, `f` and `i` stands the value of the flag.
    let takes = |text: &str, letter: char| {
        bundle(text).is_some_and(|rest| {
            rest.find(['e', 'E', 'f', 'i']).is_some_and(|at| {
                let found = rest.get(at..).unwrap_or("");
                match perl || letter == 'i' {
                    // `-pie` of perl is `-p -i -e` to most who write it.
                    true => found.contains(letter),
                    false => found.starts_with(letter),
                }
            })
        })
    };
    let changes = |text: &str| takes(text, 'i') || text.starts_with("--in-place");
    if !cmd.args.iter().any(|arg| changes(&arg.text)) {
        return Some(Vec::new());
    }
    let mut scripted = false;
    let mut words = Vec::new();
    let mut args = cmd.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        let script = |letter: char| text.ends_with(letter) && text.starts_with('-') && !text.starts_with("--");
        if script('e') && (perl || !changes(text))
            || script('f') && !perl
            || script('E') && perl
            || matches!(text, "--expression" | "--file")
        {
            scripted = true;
            args.next();
        } else if text.starts_with("--expression=") || text.starts_with("--file=") || text.starts_with("-e") && !perl {
            scripted = true;
        } else if !text.starts_with('-') {
            words.push(text);
        }
    }
    let files = words.get(usize::from(!scripted)..).unwrap_or(&[]);
    files.iter().map(|text| absolute(case, step, cmd, text)).collect()
}

fn unpack<'a>(case: &Case<'_>, step: &Step, cmd: &ShellCommand) -> Kind<'a> {
    let flag = if cmd.name.text == "tar" { ["-C", "--directory"] } else { ["-d", "-d"] };
    let dir = flag.iter().find_map(|flag| cmd.flag_value(flag)).unwrap_or_else(|| ".".into());
    match absolute(case, step, cmd, &dir) {
        // /usr/local/go is the toolchain; nothing there is wanted.
        Some(path) if path == "/usr/local" && step_installs_go(step) => Kind::Build,
        Some(path) if is_system_dir(&path) => Kind::Unpack(path),
        Some(path) => Kind::Write(vec![path]),
        None => Kind::Unknown("where the archive is unpacked is computed".into()),
    }
}

/// `wget https://go.dev/dl/go1.22.0.linux-amd64.tar.gz && tar -C /usr/local -xzf …`
fn step_installs_go(step: &Step) -> bool {
    let words = step.script.iter().flat_map(|script| &script.commands).flat_map(|cmd| &cmd.args);
    words.map(|arg| arg.text.as_str()).any(|text| {
        text.contains("go.dev/dl/")
            || text.contains("golang.org/dl/")
            || text.contains("golang/go1.")
            || (base_name(text).starts_with("go1.") && text.ends_with(".tar.gz"))
    })
}

/// `./build.sh`, `sh scripts/build.sh`: a script of the sources.
fn is_local_script(case: &Case<'_>, cmd: &ShellCommand) -> bool {
    let name = case.source.slice(cmd.name.span);
    if matches!(cmd.name.text.as_str(), "sh" | "bash" | "ash") {
        return cmd
            .args
            .iter()
            .any(|arg| !arg.text.starts_with('-') && !arg.text.starts_with('/') && arg.text.ends_with(".sh"));
    }
    name.starts_with("./") || name.starts_with("scripts/") || name.starts_with("bin/") || name.starts_with("hack/")
}
