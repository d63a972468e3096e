//! Whether what an image starts can start: the program is there, may be executed by the image's user, and its loader,
//! its libraries or the interpreter of its script are in the image. Nothing is run.

use std::collections::BTreeSet;

use super::config::Config;
use super::elf::{self, Elf};
use super::image::{Kind, Node, Root, join};
use super::report::{Item, Verdict};

/// What the engine searches where the image sets no PATH.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Measured with runc 1.1.15: it keeps CAP_DAC_OVERRIDE up to the exec, so the first program starts; its children and
/// what crun or a cluster without capabilities starts do not.
const LENIENT: &str = "; only some engines start it all the same";

/// Looks at the command of the image and at its health check.
pub(super) fn check(root: &Root, config: &Config) -> Vec<Item> {
    let user = match User::of(root, &config.user) {
        Ok(user) => user,
        Err(error) => return vec![Item::new(Verdict::Different, "USER", error)],
    };
    let look = Look { root, config, user };
    let mut items = Vec::new();
    let command = config.command();
    match command.first() {
        None => items.push(Item::new(Verdict::Note, "program", "the image has neither ENTRYPOINT nor CMD")),
        Some(_) => look.command(&command, "program", &mut items),
    }
    match config.health_command() {
        Some(health) if !health.is_empty() => look.command(&health, "HEALTHCHECK", &mut items),
        _ => {}
    }
    items
}

/// Who the program runs as.
struct User {
    name: String,
    uid: u64,
    gids: BTreeSet<u64>,
}

impl User {
    /// As engines read `USER`: a name or number, and a group or what /etc/passwd says.
    fn of(root: &Root, given: &str) -> Result<User, String> {
        let (name, group) = match given.split_once(':') {
            Some((name, group)) => (name, Some(group)),
            None => (given, None),
        };
        let passwd = root.text("/etc/passwd").unwrap_or_default();
        let groups = root.text("/etc/group").unwrap_or_default();
        let rows = |text: &str| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split(':').map(str::to_string).collect()).collect()
        };
        let (passwd, groups) = (rows(&passwd), rows(&groups));
        let number = |row: &[String], field: usize| row.get(field).and_then(|text| text.parse::<u64>().ok());
        let name = if name.is_empty() { "0" } else { name };
        let known = passwd.iter().find(|row| {
            row.first().is_some_and(|first| first == name)
                || name.parse::<u64>().is_ok_and(|uid| number(row, 2) == Some(uid))
        });
        let uid = match (known.and_then(|row| number(row, 2)), name.parse::<u64>()) {
            (Some(uid), _) | (None, Ok(uid)) => uid,
            (None, Err(_)) => return Err(format!("there is no user `{name}` in the image's /etc/passwd")),
        };
        let mut gids = BTreeSet::new();
        match group.filter(|group| !group.is_empty()) {
            Some(group) => {
                let row = groups.iter().find(|row| row.first().is_some_and(|first| first == group));
                match (row.and_then(|row| number(row, 2)), group.parse::<u64>()) {
                    (Some(gid), _) | (None, Ok(gid)) => gids.insert(gid),
                    (None, Err(_)) => return Err(format!("there is no group `{group}` in the image's /etc/group")),
                };
            }
            None => {
                gids.insert(known.and_then(|row| number(row, 3)).unwrap_or(0));
                let own = known.and_then(|row| row.first());
                let member = |row: &&Vec<String>| {
                    own.is_some_and(|own| row.get(3).is_some_and(|members| members.split(',').any(|name| name == own)))
                };
                gids.extend(groups.iter().filter(member).filter_map(|row| number(row, 2)));
            }
        }
        let name = if uid == 0 { "root".to_string() } else { format!("user {name}") };
        Ok(User { name, uid, gids })
    }

    /// Whether the user may execute the file, or walk through the directory.
    fn may_execute(&self, node: &Node) -> bool {
        if self.uid == 0 {
            return node.kind == Kind::Dir || node.mode & 0o111 != 0;
        }
        let bit = if node.uid == self.uid {
            0o100
        } else if self.gids.contains(&node.gid) {
            0o010
        } else {
            0o001
        };
        node.mode & bit != 0
    }
}

struct Look<'a> {
    root: &'a Root,
    config: &'a Config,
    user: User,
}

/// A file that may be executed.
struct Program {
    path: String,
    node: Node,
}

impl Look<'_> {
    fn command(&self, command: &[String], what: &str, items: &mut Vec<Item>) {
        let Some(name) = command.first() else { return };
        self.report(name, what, false, items);
        // The shell form: the shell is there, and so should be what it starts, where that is a plain word.
        let words = super::config::script_of(command).and_then(super::config::plain_words);
        if let Some(first) = words.and_then(|words| words.into_iter().next())
            && !super::config::is_builtin(&first)
        {
            self.report(&first, &format!("{what}, in the shell"), true, items);
        }
    }

    fn report(&self, name: &str, what: &str, in_shell: bool, items: &mut Vec<Item>) {
        let item = match self.program(name).and_then(|program| self.starts(&program, in_shell, 0)) {
            Ok(text) => Item::new(Verdict::Same, what, text),
            Err(text) => Item::new(Verdict::Different, what, text),
        };
        items.push(item);
    }

    /// The file that a name of ENTRYPOINT or CMD stands for.
    fn program(&self, name: &str) -> Result<Program, String> {
        if name.contains('/') {
            let path = if name.starts_with('/') { name.to_string() } else { self.config.absolute(name) };
            return self.executable(&path);
        }
        let search = self.config.variable("PATH").unwrap_or(DEFAULT_PATH);
        let mut refused = None;
        for directory in search.split(':').filter(|directory| !directory.is_empty()) {
            let path = format!("{}/{name}", directory.trim_end_matches('/'));
            if self.root.find(&path).is_ok() {
                match self.executable(&path) {
                    Ok(program) => return Ok(program),
                    Err(error) => refused = refused.or(Some(error)),
                }
            }
        }
        Err(refused.unwrap_or_else(|| format!("`{name}` is in no directory of PATH ({search})")))
    }

    fn executable(&self, path: &str) -> Result<Program, String> {
        let found = self.root.find(path).map_err(|missing| {
            if path.starts_with(&missing.0) {
                format!("{path} is not in the image")
            } else {
                format!("{path}: {} is not in the image", missing.0)
            }
        })?;
        for directory in &found.through {
            if let Some(node) = self.root.node(directory)
                && !self.user.may_execute(node)
            {
                let owner = owner(node);
                let name = &self.user.name;
                return Err(format!("{path}: {name} may not enter /{directory} ({owner}){LENIENT}"));
            }
        }
        match found.node {
            Some(node) if node.kind == Kind::Dir => Err(format!("{path} is a directory")),
            Some(node) if !self.user.may_execute(node) => {
                let lenient = if self.user.uid == 0 { "" } else { LENIENT };
                Err(format!("{path} may not be executed by {} ({}){lenient}", self.user.name, owner(node)))
            }
            Some(node) => Ok(Program { path: format!("/{}", found.path), node: node.clone() }),
            None => Err(format!("{path} is a directory")),
        }
    }

    /// What a program needs to start; `Ok` says what it is.
    fn starts(&self, program: &Program, in_shell: bool, depth: usize) -> Result<String, String> {
        let path = &program.path;
        let bytes = self.root.content(&program.node).map_err(|error| format!("{path} {error}"))?;
        if let Some(line) = bytes.strip_prefix(b"#!") {
            if depth > 4 {
                return Err(format!("{path}: its interpreters are scripts without an end"));
            }
            return self.script(path, line, depth);
        }
        if !elf::is_elf(&bytes) {
            // A shell runs such a file itself, where the kernel does not.
            if in_shell {
                return Ok(format!("{path} is executable for {}; a script", self.user.name));
            }
            return Err(format!("{path} is neither an ELF program nor a script with a #! line"));
        }
        let elf = elf::parse(&bytes).map_err(|error| format!("{path} {error}"))?;
        let machine = elf::machine_name(elf.machine);
        let wanted = self.config.architecture.as_str();
        if !wanted.is_empty() && machine != "unknown" && machine != wanted && !(machine == "386" && wanted == "amd64") {
            return Err(format!("{path} is a program for {machine}, and the image says {wanted}"));
        }
        let libraries = self.libraries(path, &elf)?;
        let who = &self.user.name;
        Ok(match (&elf.interpreter, libraries) {
            (None, 0) => format!("{path} is executable for {who}; static, it needs no loader and no library"),
            (None, many) => format!("{path} is executable for {who}; {}", counted(many)),
            (Some(loader), 0) => format!("{path} is executable for {who}; its loader {loader} is there"),
            (Some(loader), many) => {
                format!("{path} is executable for {who}; its loader {loader} and {}", counted(many))
            }
        })
    }

    fn script(&self, path: &str, line: &[u8], depth: usize) -> Result<String, String> {
        let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        if line.ends_with('\r') {
            return Err(format!("{path} has Windows line endings: its interpreter would be `{}\\r`", line.trim()));
        }
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else { return Err(format!("{path} names no interpreter after #!")) };
        let missing = |error: String| format!("{path} is a script for {name}: {error}");
        let interpreter = self.executable(name).map_err(missing)?;
        self.starts(&interpreter, false, depth + 1).map_err(missing)?;
        let mut through = String::new();
        if name.ends_with("/env")
            && let Some(word) = words.find(|word| !word.starts_with('-') && !word.contains('='))
        {
            let real = self.program(word).map_err(missing)?;
            self.starts(&real, false, depth + 1).map_err(missing)?;
            through = format!(" {word}");
        }
        Ok(format!("{path} is executable for {}; a script, and its {name}{through} is there", self.user.name))
    }

    /// Looks for the loader and for every library, also for those that libraries ask for. Gives their number.
    fn libraries(&self, path: &str, elf: &Elf) -> Result<usize, String> {
        let mut musl = false;
        if let Some(loader) = &elf.interpreter {
            musl = loader.contains("ld-musl");
            let libc = if musl { "musl" } else { "glibc" };
            let there = self.root.find(loader).map_err(|missing| {
                format!(
                    "{path} is linked against {libc}, and its loader {loader} is not in the image ({} is missing): \
                     it would stop with `no such file or directory`",
                    missing.0
                )
            })?;
            if !there.node.is_some_and(|node| self.user.may_execute(node)) {
                return Err(format!("{path}: its loader {loader} may not be executed by {}", self.user.name));
            }
        }
        let usual = self.usual_directories(musl, elf.machine);
        let mut todo = vec![(path.to_string(), elf.clone(), elf.rpath.clone())];
        let mut seen = BTreeSet::new();
        while let Some((by, elf, inherited)) = todo.pop() {
            for name in &elf.needed {
                if (musl && is_musl(name)) || !seen.insert(name.clone()) {
                    continue;
                }
                let mut directories = Vec::new();
                // An RPATH holds also for what the libraries ask for, and a RUNPATH for the file alone.
                if elf.runpath.is_empty() || musl {
                    directories.extend(inherited.iter().cloned());
                }
                directories
                    .extend(self.config.variable("LD_LIBRARY_PATH").unwrap_or("").split(':').map(str::to_string));
                directories.extend(elf.runpath.iter().cloned());
                directories.extend(usual.iter().cloned());
                let (found, library) = self.library(name, &by, &directories, &elf).ok_or_else(|| {
                    let hint = if musl && name.ends_with(".so.6") {
                        " (a library of glibc, and the loader is musl's)"
                    } else {
                        ""
                    };
                    if by == path {
                        format!("{path} needs {name}, which is not in the image{hint}")
                    } else {
                        format!("{path} needs {name} through {by}, which is not in the image{hint}")
                    }
                })?;
                let mut rpath = inherited.clone();
                rpath.extend(library.rpath.iter().cloned());
                todo.push((found, library, rpath));
            }
        }
        Ok(seen.len())
    }

    fn library(&self, name: &str, by: &str, directories: &[String], user: &Elf) -> Option<(String, Elf)> {
        let origin = by.rsplit_once('/').map_or("", |(directory, _)| directory);
        let expanded = |directory: &String| directory.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
        let paths: Vec<String> = if name.contains('/') {
            vec![self.config.absolute(name)]
        } else {
            directories
                .iter()
                .filter(|directory| !directory.is_empty())
                .map(|directory| join(&expanded(directory), name))
                .collect()
        };
        paths.into_iter().find_map(|path| {
            let found = self.root.find(&path).ok()?;
            let elf = elf::parse(&self.root.content(found.node?).ok()?).ok()?;
            // The loader skips a library of another machine and goes on.
            (elf.machine == user.machine && elf.bits == user.bits).then(|| (format!("/{}", found.path), elf))
        })
    }

    /// Where the loader looks at last.
    fn usual_directories(&self, musl: bool, machine: u16) -> Vec<String> {
        let owned = |paths: &[&str]| paths.iter().map(|path| path.to_string()).collect::<Vec<_>>();
        if musl {
            let names = self.root.names("/etc");
            let own = names.iter().find(|name| name.starts_with("ld-musl-") && name.ends_with(".path"));
            return match own.and_then(|name| self.root.text(&format!("/etc/{name}"))) {
                Some(text) => text.split([':', '\n']).map(|path| path.trim().to_string()).collect(),
                None => owned(&["/lib", "/usr/local/lib", "/usr/lib"]),
            };
        }
        let mut directories = Vec::new();
        self.listed_in("/etc/ld.so.conf", 0, &mut directories);
        let triple = match machine {
            3 => "i386-linux-gnu",
            40 => "arm-linux-gnueabihf",
            62 => "x86_64-linux-gnu",
            183 => "aarch64-linux-gnu",
            21 => "powerpc64le-linux-gnu",
            243 => "riscv64-linux-gnu",
            _ => "",
        };
        if !triple.is_empty() {
            directories.extend([format!("/lib/{triple}"), format!("/usr/lib/{triple}")]);
        }
        directories.extend(owned(&["/lib64", "/usr/lib64", "/lib", "/usr/lib"]));
        directories
    }

    fn listed_in(&self, path: &str, depth: usize, directories: &mut Vec<String>) {
        let Some(text) = self.root.text(path).filter(|_| depth < 4) else { return };
        for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
            match line.strip_prefix("include") {
                // `include /etc/ld.so.conf.d/*.conf` is the only pattern in use.
                Some(pattern) => {
                    if let Some((directory, last)) = pattern.trim().rsplit_once('/') {
                        let suffix = last.strip_prefix('*').unwrap_or(last);
                        for name in self.root.names(directory).iter().filter(|name| name.ends_with(suffix)) {
                            self.listed_in(&format!("{directory}/{name}"), depth + 1, directories);
                        }
                    }
                }
                None if line.starts_with('/') => directories.push(line.to_string()),
                None => {}
            }
        }
    }
}

/// musl's loader is the C library too, and answers for these names.
fn is_musl(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("lib") else { return false };
    let stem = rest.split('.').next().unwrap_or_default();
    ["c", "pthread", "rt", "m", "dl", "util", "xnet"].contains(&stem)
        && (rest.contains(".so") || rest.starts_with("c.musl-"))
        && !name.ends_with(".so.6")
}

fn counted(libraries: usize) -> String {
    if libraries == 1 {
        "the 1 library it needs are there".replace(" are ", " is ")
    } else {
        format!("the {libraries} libraries it needs are there")
    }
}

fn owner(node: &Node) -> String {
    format!("mode {:04o}, owner {}:{}", node.mode, node.uid, node.gid)
}

#[cfg(test)]
mod tests {
    use super::super::image::case::{Entry, root};
    use super::*;

    fn config(command: &[&str], user: &str) -> Config {
        Config {
            cmd: command.iter().map(|word| word.to_string()).collect(),
            user: user.into(),
            working_dir: "/app".into(),
            architecture: "amd64".into(),
            ..Config::default()
        }
    }

    fn said(entries: &[Entry<'_>], config: &Config) -> String {
        let items = check(&root(&[entries]), config);
        items.iter().map(|item| format!("{}: {}", item.verdict.name(), item.text)).collect::<Vec<_>>().join(" | ")
    }

    /// What is said of an image begins as each case wants it: command, user, the words.
    fn check_each(entries: &[Entry<'_>], cases: &[(&str, &str, &str)]) {
        for (path, user, want) in cases {
            let said = said(entries, &config(&[path], user));
            assert!(said.starts_with(want), "{path} {user}: {said}");
        }
    }

    #[test]
    fn the_program_is_found_as_the_engine_finds_it() {
        let binary = elf::build(true, None, &[], None);
        let files: &[Entry<'_>] = &[
            ("app/", 0o755, 0, b""),
            ("app/main", 0o755, 0, &binary),
            ("app/text", 0o755, 0, b"text"),
            ("bin", 0o777, 0, b"-> usr/bin"),
            ("usr/", 0o755, 0, b""),
            ("usr/bin/", 0o755, 0, b""),
            ("usr/bin/tool", 0o777, 0, b"-> /app/main"),
        ];
        for (command, want) in [
            (&["./main"][..], "same: /app/main is executable for root; static"),
            (&["/app/main", "-v"], "same: /app/main"),
            (&["tool"], "same: /app/main"),
            (&["/bin/tool"], "same: /app/main"),
            (&["main"], "different: `main` is in no directory of PATH"),
            (&["./lost"], "different: /app/lost is not in the image"),
            (&["/x/y"], "different: /x/y is not in the image"),
            (&["/app"], "different: /app is a directory"),
            (&["./text"], "different: /app/text is neither"),
            (&["/bin/sh", "-c", "./main"], "different: /bin/sh: /usr/bin/sh is not in the image | same: /app/main"),
            (&[], "note: the image has neither"),
        ] {
            let said = said(files, &config(command, ""));
            assert!(said.starts_with(want), "{command:?}: {said}");
        }
    }

    #[test]
    fn modes_owners_and_groups_decide_who_may_execute() {
        let binary = elf::build(true, None, &[], None);
        let files: &[Entry<'_>] = &[
            ("etc/", 0o755, 0, b""),
            ("etc/passwd", 0o644, 0, b"root:x:0:0::/:\napp:x:1000:50::/:\n"),
            ("etc/group", 0o644, 0, b"staff:x:50:\nextra:x:60:other,app\n"),
            ("app/", 0o755, 0, b""),
            ("app/all", 0o755, 0, &binary),
            ("app/root", 0o700, 0, &binary),
            ("app/mine", 0o700, 1000, &binary),
            ("app/not", 0o644, 0, &binary),
            ("app/g60", 0o710, 60, &binary),
            ("app/g50", 0o710, 50, &binary),
            ("app/others-only", 0o701, 1000, &binary),
            ("root/", 0o700, 0, b""),
            ("root/all", 0o755, 0, &binary),
        ];
        let cases = [
            ("./all", "app", "same"),
            ("./root", "", "same"),
            ("./root", "root", "same"),
            ("./root", "0:0", "same"),
            ("./root", "1000", "different: /app/root may not be executed by user 1000 (mode 0700, owner 0:0)"),
            ("./root", "app", "different"),
            ("./mine", "app", "same"),
            ("./mine", "1000", "same"),
            ("./mine", "1001", "different"),
            ("./not", "", "different: /app/not may not be executed by root (mode 0644"),
            ("./g60", "app", "same"),
            ("./g60", "app:staff", "different"),
            ("./g50", "app", "same"),
            ("./g60", "7:60", "same"),
            ("./g60", "7:extra", "same"),
            ("/root/all", "app", "different: /root/all: user app may not enter /root (mode 0700"),
            ("/root/all", "", "same"),
            ("./all", "nobody", "different: there is no user `nobody`"),
            ("./all", "app:none", "different: there is no group `none`"),
            ("./all", "4711", "same"),
        ];
        check_each(files, &cases);
    }

    #[test]
    fn loaders_and_libraries_are_looked_for_where_the_loader_looks() {
        let glibc = |needed: &[&str], runpath| elf::build(true, Some("/lib64/ld-linux-x86-64.so.2"), needed, runpath);
        let library = |needed: &[&str]| elf::build(true, None, needed, None);
        let (plain, own, lost) =
            (glibc(&["libc.so.6"], None), glibc(&["liba.so"], Some("$ORIGIN/../lib")), glibc(&["libz.so.1"], None));
        let deep = glibc(&["libd.so"], None);
        let listed = glibc(&["libl.so"], None);
        let musl = elf::build(true, Some("/lib/ld-musl-x86_64.so.1"), &["libc.musl-x86_64.so.1", "libm.so"], None);
        let old = elf::build(false, None, &[], None);
        let (c, a, d) = (library(&[]), library(&["libc.so.6"]), library(&["libgone.so"]));
        let files: &[Entry<'_>] = &[
            ("app/", 0o755, 0, b""),
            ("app/plain", 0o755, 0, &plain),
            ("app/own", 0o755, 0, &own),
            ("app/lost", 0o755, 0, &lost),
            ("app/deep", 0o755, 0, &deep),
            ("app/listed", 0o755, 0, &listed),
            ("app/musl", 0o755, 0, &musl),
            ("lib", 0o777, 0, b"-> usr/lib"),
            ("lib64", 0o777, 0, b"-> usr/lib64"),
            ("usr/lib64/ld-linux-x86-64.so.2", 0o755, 0, &c),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", 0o644, 0, &c),
            ("usr/lib64/libz.so.1", 0o644, 0, &old),
            ("usr/lib/libd.so", 0o644, 0, &d),
            ("opt/l/libl.so", 0o644, 0, &a),
            ("etc/ld.so.conf", 0o644, 0, b"include /etc/ld.so.conf.d/*.conf\n"),
            ("etc/ld.so.conf.d/l.conf", 0o644, 0, b"# ours\n/opt/l\n"),
            ("lib2/", 0o755, 0, b""),
        ];
        let more: Vec<Entry<'_>> = files.iter().copied().chain([("lib2/x", 0o644, 0, &b""[..])]).collect();
        let cases = [
            (
                "./plain",
                "same: /app/plain is executable for root; its loader /lib64/ld-linux-x86-64.so.2 and the 1 library it needs is there",
            ),
            ("./own", "different: /app/own needs liba.so, which is not in the image"),
            ("./lost", "different: /app/lost needs libz.so.1"),
            ("./deep", "different: /app/deep needs libgone.so through /usr/lib/libd.so"),
            ("./listed", "same: /app/listed"),
            ("./musl", "different: /app/musl is linked against musl, and its loader /lib/ld-musl-x86_64.so.1 is not"),
        ];
        check_each(&more, &cases.map(|(path, want)| (path, "", want)));
        let own: &[Entry<'_>] = &[
            ("app/own", 0o755, 0, &own),
            ("app/musl", 0o755, 0, &musl),
            ("lib/liba.so", 0o644, 0, &a),
            ("lib/ld-musl-x86_64.so.1", 0o755, 0, &c),
            ("lib/libc.so.6", 0o644, 0, &c),
            ("lib64/ld-linux-x86-64.so.2", 0o755, 0, &c),
        ];
        assert!(said(own, &config(&["./own"], "")).starts_with("same: /app/own"), "$ORIGIN is expanded");
        assert!(said(own, &config(&["./musl"], "")).starts_with("same: /app/musl"), "musl answers for its own names");
    }

    #[test]
    fn scripts_need_their_interpreters() {
        let binary = elf::build(true, None, &[], None);
        let arm = {
            let mut bytes = binary.clone();
            bytes[18] = 183;
            bytes
        };
        let files: &[Entry<'_>] = &[
            ("app/ok.sh", 0o755, 0, b"#!/bin/sh -e\nexec \"$@\"\n"),
            ("app/bash.sh", 0o755, 0, b"#!/bin/bash\n"),
            ("app/env.sh", 0o755, 0, b"#!/usr/bin/env sh\n"),
            ("app/envpy", 0o755, 0, b"#!/usr/bin/env python3\n"),
            ("app/crlf.sh", 0o755, 0, b"#!/bin/sh\r\ntrue\r\n"),
            ("app/arm", 0o755, 0, &arm),
            ("bin/sh", 0o755, 0, &binary),
            ("usr/bin/env", 0o755, 0, &binary),
        ];
        let cases = [
            ("./ok.sh", "same: /app/ok.sh is executable for root; a script, and its /bin/sh is there"),
            ("./bash.sh", "different: /app/bash.sh is a script for /bin/bash: /bin/bash is not in the image"),
            ("./env.sh", "same: /app/env.sh is executable for root; a script, and its /usr/bin/env sh is there"),
            ("./envpy", "different: /app/envpy is a script for /usr/bin/env: `python3` is in no directory of PATH"),
            ("./crlf.sh", "different: /app/crlf.sh has Windows line endings"),
            ("./arm", "different: /app/arm is a program for arm64, and the image says amd64"),
        ];
        check_each(files, &cases.map(|(path, want)| (path, "", want)));
    }

    #[test]
    fn the_program_of_a_health_check_must_be_there_too() {
        let binary = elf::build(true, None, &[], None);
        let files: &[Entry<'_>] = &[("app/main", 0o755, 0, &binary)];
        let mut config = config(&["./main"], "");
        config.healthcheck = serde_json::json!({"Test": ["CMD-SHELL", "curl -f http://localhost/"]});
        assert!(said(files, &config).contains("different: /bin/sh is not in the image"));
        config.healthcheck = serde_json::json!({"Test": ["CMD", "/app/main", "-health"]});
        assert!(!said(files, &config).contains("different"));
    }
}
