//! Package-manager calls, through one table.

mod managers;
mod removal;
mod spec;

pub use managers::{Clean, MANAGERS, ManagerFacts, facts};
pub use removal::{Removal, removal, removes};

use crate::shell::{Script, ShellCommand, ShellWord};
use crate::text::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manager {
    Apt,
    Apk,
    Dnf,
    Yum,
    Microdnf,
    Tdnf,
    Zypper,
    Pip,
    Npm,
    Yarn,
    Pnpm,
    Gem,
    Go,
    Cargo,
}

/// One `apt-get install curl git`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    pub manager: Manager,
    /// Index into the commands of the step's script.
    pub command: usize,
    /// The subcommand, such as `install` or `add`; the program's name for a bare `yarn`.
    pub verb: Span,
    pub packages: Vec<Package>,
    /// Files that list what is installed: those of `pip install -r`.
    pub files: Vec<ShellWord>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub span: Span,
    /// Without version, suite and architecture; as written for a path or a URL.
    pub name: String,
    /// As in `name=1.2`; a looser constraint keeps its operator (`~=1.4`, `>2`).
    pub version: Option<String>,
    pub kind: PackageKind,
    /// No variable or glob in it.
    pub literal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageKind {
    Named,
    /// A file or directory.
    Path,
    Url,
    /// `@development-tools`
    Group,
}

/// How a manager writes a package with its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    Apt,
    Apk,
    Rpm,
    Zypper,
    Pip,
    Npm,
    Gem,
    Go,
    Cargo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Install,
    Update,
    Upgrade,
    Remove,
    Clean,
    Other,
}

/// A command that calls a package manager.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub facts: &'static ManagerFacts,
    pub action: Action,
    /// Index of the first argument that is the manager's own: 2 in `python -m pip install`.
    pub start: usize,
    /// Index of the subcommand among the arguments; `None` for a bare `yarn`.
    pub verb: Option<usize>,
}

/// All installs of a script, in the order of its commands.
pub fn installs(script: &Script) -> Vec<Install> {
    let commands = script.commands.iter().enumerate();
    commands.filter_map(|(index, command)| install(index, command)).collect()
}

/// The package manager that the command calls, and what for.
pub fn call(command: &ShellCommand) -> Option<Call> {
    let (facts, start) = manager(command)?;
    let verb = verb(facts, command, start);
    let mut call = Call { facts, action: Action::Other, start, verb };
    let Some(word) = verb.and_then(|at| command.args.get(at)) else {
        // A bare `yarn` installs; with a flag such as --version it does not.
        let installs = facts.manager == Manager::Yarn
            && !command.args.iter().any(|arg| matches!(arg.text.as_str(), "--version" | "-v" | "--help" | "-h"));
        call.action = if installs { Action::Install } else { Action::Other };
        return Some(call);
    };
    let is = |verbs: &[&str]| verbs.contains(&word.text.as_str());
    call.action = if facts.clean.iter().any(|clean| clean.words.first() == Some(&word.text.as_str())) {
        // `npm cache add` and the like change nothing that matters.
        match facts.clean.iter().any(|clean| begins_with(command, call.verb, clean.words)) {
            true => Action::Clean,
            false => Action::Other,
        }
    } else if is(facts.install) {
        Action::Install
    } else if is(facts.update) {
        Action::Update
    } else if is(facts.upgrade) {
        Action::Upgrade
    } else if is(facts.remove) {
        Action::Remove
    } else {
        Action::Other
    };
    // `yarn global add`, `dnf group install`: the verb is the second word.
    let second = match word.text.as_str() {
        "global" if facts.manager == Manager::Yarn => Some("add"),
        "group" | "groups" if facts.spec == Spec::Rpm => Some("install"),
        _ => None,
    };
    if let Some(second) = second {
        let next = command.args.get(verb.unwrap_or(0) + 1).map(|word| word.text.as_str());
        call.action = if next == Some(second) { Action::Install } else { Action::Other };
        call.verb = verb.map(|at| at + 1);
    }
    Some(call)
}

/// The action that the command asks of that manager.
pub fn action(command: &ShellCommand, manager: Manager) -> Option<Action> {
    call(command).filter(|call| call.facts.manager == manager).map(|call| call.action)
}

pub fn is_install(command: &ShellCommand, manager: Manager) -> bool {
    action(command, manager) == Some(Action::Install)
}

pub fn is_update(command: &ShellCommand, manager: Manager) -> bool {
    action(command, manager) == Some(Action::Update)
}

pub fn is_clean(command: &ShellCommand, manager: Manager) -> bool {
    action(command, manager) == Some(Action::Clean)
}

impl Call {
    /// One of the flags is there: alone, as `--flag=value`, `--flag value` or in a bundle of short ones.
    pub fn has(&self, command: &ShellCommand, flags: &[&str]) -> bool {
        let own = command.args.get(self.start..).unwrap_or_default();
        own.iter().enumerate().any(|(index, arg)| {
            let text = arg.text.as_str();
            flags.iter().any(|flag| {
                let next = || own.get(index + 1).map(|next| next.text.as_str());
                text == *flag
                    || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=') && flag.starts_with("--"))
                    || flag.split_once('=').is_some_and(|(name, value)| text == name && next() == Some(value))
                    || (self.facts.bundles && in_bundle(text, flag))
            })
        })
    }

    /// The command keeps its downloads out of the image, by flag or by a variable that it or the script sets.
    pub fn keeps_no_cache(&self, command: &ShellCommand) -> bool {
        self.has(command, self.facts.no_cache)
            || self
                .facts
                .no_cache_env
                .iter()
                .any(|name| command.variable(name).is_some_and(|value| switches_cache_off(name, &value.text)))
    }

    /// Recommended, weak or development packages are left out.
    pub fn is_lean(&self, command: &ShellCommand) -> bool {
        let option = |arg: &ShellWord| {
            let text = arg.text.strip_prefix("-o").unwrap_or(&arg.text).trim_start_matches('=').to_ascii_lowercase();
            text.strip_prefix("apt::install-recommends=")
                .is_some_and(|value| matches!(value.trim_matches('"'), "0" | "false" | "no"))
        };
        self.has(command, self.facts.lean) || (self.facts.manager == Manager::Apt && command.args.iter().any(option))
    }

    /// The subcommand's own words, without flags and their values.
    pub fn operands<'c>(&self, command: &'c ShellCommand) -> Vec<&'c ShellWord> {
        let start = self.verb.map_or(self.start, |verb| verb + 1);
        let mut operands = Vec::new();
        let mut words = command.args.get(start..).unwrap_or_default().iter();
        let mut flags = true;
        while let Some(word) = words.next() {
            if flags && word.text == "--" {
                flags = false;
            } else if flags && is_flag(&word.text) {
                if takes_value(self.facts, &word.text) {
                    words.next();
                }
            } else {
                operands.push(word);
            }
        }
        operands
    }
}

impl Package {
    /// The version is one, and not a range or a tag.
    pub fn is_pinned(&self) -> bool {
        self.version.as_deref().is_some_and(|version| {
            let version = version.strip_prefix('v').unwrap_or(version);
            version.starts_with(|first: char| first.is_ascii_digit())
        })
    }
}

fn manager(command: &ShellCommand) -> Option<(&'static ManagerFacts, usize)> {
    let name = command.name.text.as_str();
    let arg = |index: usize| command.args.get(index).map(|arg| arg.text.as_str());
    if let Some(facts) = MANAGERS.iter().find(|facts| facts.programs.contains(&name)) {
        // `cargo +nightly install`
        let toolchain = facts.manager == Manager::Cargo && arg(0).is_some_and(|first| first.starts_with('+'));
        return Some((facts, usize::from(toolchain)));
    }
    let versioned = |base: &str| {
        let rest = name.strip_prefix(base)?;
        rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(())
    };
    if versioned("pip").is_some() {
        return Some((facts(Manager::Pip), 0));
    }
    if name == "uv" && arg(0) == Some("pip") {
        return Some((facts(Manager::Pip), 1));
    }
    if versioned("python").is_some() || versioned("pypy").is_some() {
        let module = command.args.iter().position(|arg| !is_flag(&arg.text) || arg.text == "-m")?;
        if arg(module) == Some("-m") && arg(module + 1) == Some("pip") {
            return Some((facts(Manager::Pip), module + 2));
        }
    }
    None
}

fn verb(facts: &ManagerFacts, command: &ShellCommand, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let text = command.args.get(at)?.text.as_str();
        if text.starts_with('$') && known_verb(facts, command.args.get(at + 1..).unwrap_or_default()) {
            at += 1;
            continue;
        }
        if !is_flag(text) {
            return Some(at);
        }
        at += 1 + usize::from(takes_value(facts, text));
    }
}

/// The first word that is no flag is a subcommand: what stands before it in `dnf $OPTIONS install` is options.
fn known_verb(facts: &ManagerFacts, words: &[ShellWord]) -> bool {
    let first = words.iter().map(|word| word.text.as_str()).find(|text| !is_flag(text) && !text.starts_with('$'));
    let lists = [facts.install, facts.update, facts.upgrade, facts.remove];
    first.is_some_and(|first| lists.iter().any(|verbs| verbs.contains(&first)))
}

fn is_flag(text: &str) -> bool {
    text.starts_with('-') && text.len() > 1
}

/// The next word is the flag's value.
fn takes_value(facts: &ManagerFacts, flag: &str) -> bool {
    let listed = |flag: &str| facts.valued.contains(&flag) || facts.files.contains(&flag) || source_flag(facts, flag);
    if listed(flag) {
        return true;
    }
    // `-yt stable`: the last letter of a bundle.
    let bundle = facts.bundles && flag.len() > 2 && flag.bytes().skip(1).all(|byte| byte.is_ascii_alphabetic());
    let valued = |letter: char| listed(&format!("-{letter}"));
    let (letters, last) = flag.split_at_checked(flag.len().saturating_sub(1)).unwrap_or((flag, ""));
    bundle && last.chars().all(valued) && !letters.chars().skip(1).any(valued)
}

/// Flags that name what is installed.
fn source_flag(facts: &ManagerFacts, flag: &str) -> bool {
    match facts.manager {
        Manager::Pip => matches!(flag, "-e" | "--editable"),
        Manager::Cargo => matches!(flag, "--path" | "--git"),
        _ => false,
    }
}

fn in_bundle(text: &str, flag: &str) -> bool {
    let (Some(letters), Some(wanted)) = (text.strip_prefix('-'), flag.strip_prefix('-')) else { return false };
    !letters.starts_with('-')
        && !wanted.starts_with('-')
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && if wanted.len() == 1 {
            letters.contains(wanted)
        } else {
            letters.contains(wanted) && letters.len() > wanted.len()
        }
}

/// The words from the subcommand on are these.
fn begins_with(command: &ShellCommand, verb: Option<usize>, words: &[&str]) -> bool {
    let Some(verb) = verb else { return false };
    let rest = command.args.get(verb..).unwrap_or_default().iter().filter(|arg| !is_flag(&arg.text));
    let mut rest = rest.map(|arg| arg.text.as_str());
    words.iter().all(|word| rest.next() == Some(word))
}

fn install(index: usize, command: &ShellCommand) -> Option<Install> {
    let call = call(command).filter(|call| call.action == Action::Install)?;
    let facts = call.facts;
    let verb = call.verb.and_then(|at| command.args.get(at)).unwrap_or(&command.name);
    let mut install =
        Install { manager: facts.manager, command: index, verb: verb.span, packages: Vec::new(), files: Vec::new() };
    let start = call.verb.map_or(command.args.len(), |at| at + 1);
    let mut words = command.args.get(start..).unwrap_or_default().iter();
    let mut flags = true;
    let mut version: Option<String> = None;
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if !flags || !is_flag(text) {
            install.packages.extend(package(facts.spec, word, text));
            continue;
        }
        if text == "--" {
            flags = false;
            continue;
        }
        let (flag, joined) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => match facts.files.iter().find(|flag| flag.len() == 2 && text.len() > 2 && text.starts_with(*flag)) {
                Some(flag) => (*flag, text.get(2..)),
                None => (text, None),
            },
        };
        let value = match joined {
            Some(value) => Some((word, value)),
            None if takes_value(facts, flag) => words.next().map(|word| (word, word.text.as_str())),
            None => None,
        };
        let Some((word, value)) = value else { continue };
        if facts.files.contains(&flag) {
            install.files.push(ShellWord { span: word.span, text: value.to_string(), literal: word.literal });
        } else if source_flag(facts, flag) {
            let kind = if value.contains("://") { PackageKind::Url } else { PackageKind::Path };
            install.packages.push(Package {
                span: word.span,
                name: value.to_string(),
                version: None,
                kind,
                literal: word.literal,
            });
        } else if matches!(
            (facts.manager, flag),
            (Manager::Gem, "-v" | "--version") | (Manager::Cargo, "--version" | "--vers")
        ) {
            version = Some(value.to_string());
        }
    }
    let before = call.verb.and_then(|at| command.args.get(at.checked_sub(1)?)).map(|word| word.text.as_str());
    if command.args.iter().any(|word| word.text == "groupinstall") || matches!(before, Some("group" | "groups")) {
        install.packages.iter_mut().for_each(|package| package.kind = PackageKind::Group);
    }
    if let Some(version) = version {
        for package in &mut install.packages {
            package.version.get_or_insert_with(|| version.clone());
        }
    }
    Some(install)
}

fn package(spec: Spec, word: &ShellWord, text: &str) -> Option<Package> {
    let split = spec::split(spec, text)?;
    Some(Package {
        span: word.span,
        name: split.name.to_string(),
        version: split.version,
        kind: split.kind,
        literal: word.literal,
    })
}

/// pip reads any value of PIP_NO_CACHE_DIR as a wish to have no cache, `off` and `0` too, for the sake of files from
/// before it read the value at all (pip 19 and later, `_handle_no_cache_dir`).
pub fn switches_cache_off(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    !value.is_empty() && (name == "PIP_NO_CACHE_DIR" || !matches!(value.as_str(), "0" | "false" | "off" | "no"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Dialect, parse_text};
    use crate::text::{MappedText, SourceFile};

    fn script(text: &str) -> (SourceFile, Script) {
        let source = SourceFile::new("x.sh", text);
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(0, source.len()));
        let script = parse_text(&mapped, Dialect::Bash);
        (source, script)
    }

    /// `manager verb: name=version …, files`; `?` behind what is not literal, `./` and such by their kind.
    fn line(source: &SourceFile, install: &Install) -> String {
        let packages = install.packages.iter().map(|package| {
            assert!(!package.span.is_empty());
            let kind = match package.kind {
                PackageKind::Named => "",
                PackageKind::Path => "path:",
                PackageKind::Url => "url:",
                PackageKind::Group => "group:",
            };
            let version = package.version.as_ref().map(|version| format!(" = {version}")).unwrap_or_default();
            format!("{kind}{}{version}{}", package.name, if package.literal { "" } else { "?" })
        });
        let files = install.files.iter().map(|file| format!("file:{}", file.text));
        let words: Vec<String> = packages.chain(files).collect();
        format!("{:?} {}: {}", install.manager, source.slice(install.verb), words.join(", "))
    }

    #[test]
    fn installs_are_found_with_their_packages() {
        for (text, want) in [
            (
                "apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends curl git=1:2.39 libc6:i386",
                "Apt install: curl, git = 1:2.39, libc6",
            ),
            ("V=1.2; apt-get install foo=$V bar=$W 'baz*'", "Apt install: foo = 1.2, bar = $W?, baz*"),
            ("apt install -yt bookworm-backports golang ./x.deb", "Apt install: golang, path:./x.deb"),
            ("apt-get install $(cat pkgs)", "Apt install: $(cat pkgs)?"),
            ("P='a b'; apk add $P", "Apk add: a?, b?"),
            ("apk --no-cache add -t .deps gcc=12 musl-dev~1", "Apk add: gcc = 12, musl-dev = ~1"),
            ("apk add --virtual=.deps gcc", "Apk add: gcc"),
            (
                "dnf -y --setopt=install_weak_deps=False install curl-7.61.1-33.el8 @dev https://x/y.rpm",
                "Dnf install: curl = 7.61.1-33.el8, group:@dev, url:https://x/y.rpm",
            ),
            ("yum install -y --enablerepo epel jq", "Yum install: jq"),
            ("yum -y groupinstall 'Development Tools'", "Yum groupinstall: group:Development Tools"),
            ("dnf group install -y dev", "Dnf install: group:dev"),
            ("microdnf install jq", "Microdnf install: jq"),
            ("tdnf install -y jq", "Tdnf install: jq"),
            ("zypper -n in --no-recommends jq=1", "Zypper in: jq = 1"),
            (
                "pip3 install --no-cache-dir -U flask==2.0 'requests[socks]>=2' -r req.txt -rdev.txt --requirement=c.txt .",
                "Pip install: flask = 2.0, requests = >=2, path:., file:req.txt, file:dev.txt, file:c.txt",
            ),
            ("python3.11 -u -m pip install -e ./app -i https://x pip", "Pip install: path:./app, pip"),
            ("uv pip install --system flask", "Pip install: flask"),
            ("/opt/venv/bin/pip3.12 install flask", "Pip install: flask"),
            ("npm install -g npm@10 @angular/cli --registry https://x", "Npm install: npm = 10, @angular/cli"),
            ("npm ci --omit=dev", "Npm ci: "),
            ("npm --prefix app i", "Npm i: "),
            ("yarn", "Yarn yarn: "),
            ("yarn --frozen-lockfile", "Yarn yarn: "),
            ("yarn global add serve@14", "Yarn add: serve = 14"),
            ("pnpm add -g turbo", "Pnpm add: turbo"),
            ("gem install rails -v 7.0 --no-document", "Gem install: rails = 7.0"),
            (
                "CGO_ENABLED=0 go install -ldflags '-s -w' -tags x golang.org/x/tools/gopls@v0.1 ./cmd/a",
                "Go install: golang.org/x/tools/gopls = v0.1, path:./cmd/a",
            ),
            ("cargo +nightly install --locked ripgrep --version 14.0.0 --root /x", "Cargo install: ripgrep = 14.0.0"),
            ("cargo install --path .", "Cargo install: path:."),
            ("cargo install --git https://x/y tool", "Cargo install: url:https://x/y, tool"),
            ("sudo sh -c 'apt-get install -y curl'", "Apt install: curl"),
        ] {
            let (source, script) = script(text);
            let got: Vec<String> = installs(&script).iter().map(|install| line(&source, install)).collect();
            assert_eq!(got, [want], "{text}");
        }
        for text in [
            "apt-get update",
            "apt-mark hold x",
            "yarn build",
            "yarn --version",
            "npm run install",
            "pip --version",
            "python x.py install",
            "go build",
            "pip download x",
            "apt-cache search install",
        ] {
            let (_, script) = script(text);
            assert_eq!(installs(&script), [], "{text}");
        }
    }

    #[test]
    fn calls_say_what_they_ask_for() {
        for (text, want) in [
            ("apt-get -y update", Some((Manager::Apt, Action::Update))),
            ("apt-get dist-upgrade", Some((Manager::Apt, Action::Upgrade))),
            ("apt-get purge x", Some((Manager::Apt, Action::Remove))),
            ("apt-get clean", Some((Manager::Apt, Action::Clean))),
            ("yum update -y", Some((Manager::Yum, Action::Upgrade))),
            ("dnf makecache", Some((Manager::Dnf, Action::Update))),
            ("dnf -y clean all", Some((Manager::Dnf, Action::Clean))),
            ("zypper ref", Some((Manager::Zypper, Action::Update))),
            ("npm cache clean --force", Some((Manager::Npm, Action::Clean))),
            ("npm cache add x", Some((Manager::Npm, Action::Other))),
            ("pip cache purge", Some((Manager::Pip, Action::Clean))),
            ("go clean -modcache", Some((Manager::Go, Action::Clean))),
            ("go mod download", Some((Manager::Go, Action::Other))),
            ("curl x", None),
        ] {
            let (_, script) = script(text);
            assert_eq!(call(&script.commands[0]).map(|call| (call.facts.manager, call.action)), want, "{text}");
        }
    }

    #[test]
    fn flags_are_found_alone_joined_and_bundled() {
        let has = |text: &str, flags: &[&str]| {
            let (_, script) = script(text);
            call(&script.commands[0]).unwrap().has(&script.commands[0], flags)
        };
        let yes = facts(Manager::Apt).yes;
        for text in [
            "apt-get -y install x",
            "apt-get install -qy x",
            "apt-get -qq install x",
            "apt-get --assume-yes install x",
            "apt-get -yqq install x",
        ] {
            assert!(has(text, yes), "{text}");
        }
        assert!(!has("apt-get -q install x", yes));
        assert!(has("dnf install --setopt install_weak_deps=False x", facts(Manager::Dnf).lean));
        let lean = |text: &str| {
            let (_, script) = script(text);
            call(&script.commands[0]).unwrap().is_lean(&script.commands[0])
        };
        assert!(lean("apt-get install --no-install-recommends x"));
        assert!(lean("apt-get -o APT::Install-Recommends=false install x"));
        assert!(lean("apt-get -oAPT::Install-Recommends=0 install x"));
        assert!(!lean("apt-get install x"));
        let quiet = |text: &str| {
            let (_, script) = script(text);
            let command = script.commands.last().unwrap();
            call(command).unwrap().keeps_no_cache(command)
        };
        assert!(quiet("pip install --no-cache-dir x") && quiet("PIP_NO_CACHE_DIR=1 pip install x"));
        assert!(quiet("export PIP_NO_CACHE_DIR=on; pip install x"));
        assert!(
            quiet("PIP_NO_CACHE_DIR=0 pip install x")
                && !quiet("PIP_NO_CACHE_DIR= pip install x")
                && !quiet("pip install x")
        );
    }

    #[test]
    fn each_manager_has_its_row() {
        let all = [
            Manager::Apt,
            Manager::Apk,
            Manager::Dnf,
            Manager::Yum,
            Manager::Microdnf,
            Manager::Tdnf,
            Manager::Zypper,
            Manager::Pip,
            Manager::Npm,
            Manager::Yarn,
            Manager::Pnpm,
            Manager::Gem,
            Manager::Go,
            Manager::Cargo,
        ];
        assert_eq!(MANAGERS.len(), all.len());
        for manager in all {
            let facts = facts(manager);
            assert_eq!(facts.manager, manager);
            assert!(!facts.programs.is_empty() && !facts.cache.is_empty());
            for path in facts
                .cache
                .iter()
                .chain(facts.lists)
                .chain(facts.lock)
                .chain(facts.clean.iter().flat_map(|clean| clean.paths))
            {
                assert!(path.starts_with(['/', '~']) && !path.ends_with('/'), "{path}");
            }
        }
    }
}
