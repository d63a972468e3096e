//! Entrypoint scripts: their interpreter, the programs that they start, and the files and scripts that they read.

use super::artifacts::Found;
use super::effects::Kind;
use super::entry::{BUILTINS, Entry};
use super::needs::{Claim, Needs, Shown, shipped};
use super::paths::{STANDARD_PATH, base_name, is_system_dir, join, parent, within};
use super::presence::{Image, Presence};
use super::standing::reads_its_directory;
use crate::shell::{Dialect, ShellCommand, parse_text};
use crate::text::{MappedText, SourceFile, Span};

/// What reading a script and those that it calls looks at.
struct Reader<'r, 'c, 'a> {
    image: &'r Image<'c, 'a>,
    entry: &'r Entry,
    found: &'r Found,
    /// Scripts that were read, against those that call themselves.
    seen: Vec<String>,
    /// Functions that the script defines, or one that it sources.
    functions: Vec<String>,
    /// The text of the script that is read.
    text: String,
    /// Neither it nor what it sources changes the directory.
    stays: bool,
}

/// The script that the image starts, and every one that it calls.
pub(super) fn entrypoint(image: &Image<'_, '_>, entry: &Entry, found: &Found, path: &str, needs: &mut Needs) {
    let read = image.case.tree().is_some_and(|tree| tree.read(path).is_some());
    let kind = if read { "is" } else { "may be" };
    needs.shell.get_or_insert(at(path, 1, format!("{path} {kind} a script")));
    let mut reader =
        Reader { image, entry, found, seen: Vec::new(), functions: Vec::new(), text: String::new(), stays: false };
    reader.script(path, needs);
}

fn at(path: &str, line: u32, text: String) -> Claim {
    Claim { text, shown: Shown { span: None, file: Some((path.to_string(), line)) } }
}

/// Names behind a `$`, in comments and single quotes, too.
fn variables(text: &str) -> impl Iterator<Item = String> {
    text.split('$').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty()).map(String::from)
    })
}

/// Programs whose words name files that they read.
const READERS: &[&str] = &[
    ".", "awk", "cat", "cmp", "cp", "cut", "diff", "envsubst", "find", "grep", "head", "install", "jq", "ln", "mv",
    "sed", "sort", "source", "tail", "tar", "tr", "wc",
];

/// The first word of these is a program of their own.
const SCRIPTED: &[&str] = &["awk", "find", "grep", "jq", "sed", "tr"];

/// Commands that make or change what they name: the final stage has the directories of the system itself.
const WRITERS: &[&str] = &["chgrp", "chmod", "chown", "mkdir", "rm", "rmdir", "touch"];

impl Reader<'_, '_, '_> {
    fn script(&mut self, path: &str, needs: &mut Needs) {
        if self.seen.iter().any(|seen| seen == path) {
            return;
        }
        self.seen.push(path.to_string());
        let Some(text) = self.image.case.tree().and_then(|tree| tree.read(path)) else {
            needs.gaps.push(at(path, 1, format!("what {path} is and does was not read")));
            return;
        };
        let text = if text.contains('\r') && self.is_cleaned(path) { text.replace('\r', "") } else { text };
        let first = text.lines().next().unwrap_or("");
        let interpreter = first.strip_prefix("#!").unwrap_or("/bin/sh").trim();
        let mut words = interpreter.split_whitespace();
        let mut name = base_name(words.next().unwrap_or("sh"));
        if name == "env" {
            name = words.next().unwrap_or("sh");
        }
        if !matches!(name, "sh" | "dash" | "ash" | "bash") {
            needs.start(name, at(path, 1, format!("{path} is written for {name}")));
            needs.gaps.push(at(path, 1, format!("what {path} does is not known")));
            return;
        }
        if name == "bash" {
            needs.start("bash", at(path, 1, format!("{path} is written for bash")));
        }
        let source = SourceFile::new(path, text.as_str());
        let mut mapped = MappedText::default();
        mapped.push(&source, Span::new(0, source.len()));
        let script = parse_text(&mapped, if name == "bash" { Dialect::Bash } else { Dialect::Posix });
        if let Some(reason) = &script.opaque {
            needs.gaps.push(at(path, 1, format!("{path} is not fully understood: {reason}")));
        }
        needs.variables.extend(variables(&text));
        self.functions.extend(script.functions.iter().cloned());
        self.text = text.clone();
        self.stays = self.stays_in_place(&script.commands);
        for cmd in script.commands.iter().chain(&script.substitutions) {
            let line = source.line_col(cmd.span.start).line;
            let written = source.slice(cmd.name.span).trim_matches(['"', '\'', '\r']).to_string();
            self.command(path, line, cmd, &written, needs);
        }
        let mut dirs: Vec<String> = vec![self.entry.workdir.clone()];
        for dir in script.commands.iter().chain(&script.substitutions).filter_map(|cmd| cmd.dir.as_deref()) {
            let dir = join(&self.entry.workdir, dir);
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
        let dirs: Vec<&str> = dirs.iter().map(String::as_str).collect();
        let claim = |line: u32| at(path, line, format!("{path} names it"));
        super::words::carry(self.image, self.found, &text, &dirs, &claim, needs);
    }

    /// `. scripts/env.sh` leaves the directory as it is where the text of that file has nothing to change it with.
    fn stays_in_place(&self, commands: &[ShellCommand]) -> bool {
        let moves = |text: &str| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
            words.any(|word| matches!(word, "cd" | "pushd" | "popd" | "eval" | "source" | "."))
        };
        commands.iter().all(|cmd| match cmd.name.text.as_str() {
            "cd" | "pushd" | "popd" | "eval" => false,
            "." | "source" => {
                let file = cmd.args.first().filter(|arg| arg.literal && cmd.args.len() == 1);
                let text = file.and_then(|arg| self.image.case.tree()?.read(&join(&self.entry.workdir, &arg.text)));
                text.is_some_and(|text| !moves(&text))
            }
            _ => true,
        })
    }

    /// `sed -i 's/\r$//' entrypoint.sh`: the image has the script without what Windows puts behind its lines.
    fn is_cleaned(&self, path: &str) -> bool {
        self.image.effects.iter().any(|effect| {
            let written = matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|written| written == path));
            let drops = effect.cmd.args.iter().any(|arg| arg.text.contains("\\r"));
            written && !effect.cmd.conditional && (drops || effect.cmd.name.text == "dos2unix")
        })
    }

    /// A script that runs in a shell of its own: neither knows the functions of the other.
    fn apart(&mut self, path: &str, needs: &mut Needs) {
        let functions = std::mem::take(&mut self.functions);
        let (text, stays) = (self.text.clone(), self.stays);
        self.script(path, needs);
        self.stays = stays;
        self.functions = functions;
        self.text = text;
    }

    fn command(&mut self, path: &str, line: u32, cmd: &ShellCommand, written: &str, needs: &mut Needs) {
        let name = cmd.name.text.as_str();
        if name == "cd" {
            needs.gaps.push(at(path, line, format!("{path} changes the directory")));
        }
        // `exec gosu app "$@"`
        for wrapper in &cmd.wrappers {
            let wrapper = base_name(&wrapper.text);
            if !BUILTINS.contains(&wrapper) && wrapper != "time" {
                needs.start(wrapper, at(path, line, format!("{path} starts {wrapper}")));
            }
        }
        let dir = cmd.dir.as_deref().or(self.stays.then_some("")).map(|dir| join(&self.entry.workdir, dir));
        if written.contains(['$', '`']) {
            self.computed(path, line, written, needs);
        } else if matches!(name, "." | "source" | "sh" | "bash" | "ash" | "dash") && !cmd.args.is_empty() {
            if name == "bash" {
                needs.start(name, at(path, line, format!("{path} starts {name}")));
            }
            self.called(path, line, cmd, dir.as_deref(), needs);
        } else if written.contains('/') {
            match if written.starts_with('/') { Some("/") } else { dir.as_deref() } {
                Some(dir) => self.started(path, line, &join(dir, written), needs),
                None => needs.gaps.push(at(path, line, format!("where {path} looks for {written} is not known"))),
            }
        } else if name == "set" && cmd.args.first().is_some_and(|arg| arg.text == "--") {
            // `set -- app "$@"`: what `exec "$@"` starts then.
            if let Some(arg) = cmd.args.get(1).filter(|arg| !arg.text.starts_with(['$', '-'])) {
                self.by_name(path, line, &arg.text, needs);
            }
        } else if cmd.wrappers.is_empty() && self.functions.iter().any(|function| function == name) {
            // What it does is among the commands of the script already.
        } else if !name.is_empty() && !BUILTINS.contains(&name) {
            needs.start(name, at(path, line, format!("{path} starts {name}")));
        }
        self.files(path, line, cmd, dir.as_deref(), needs);
        self.around(path, line, cmd, dir.as_deref(), needs);
        self.behind(path, line, cmd, dir.as_deref(), needs);
    }

    /// `xargs -n1 psql -f`, `trap cleanup EXIT`
    fn behind(&mut self, path: &str, line: u32, cmd: &ShellCommand, dir: Option<&str>, needs: &mut Needs) {
        let found = super::behind::behind(cmd);
        let name = cmd.name.text.as_str();
        if found.unknown {
            needs.program_gaps.push(at(path, line, format!("what {name} starts in {path} is not known")));
        }
        for program in found.programs {
            if BUILTINS.contains(&program.as_str()) || self.functions.contains(&program) {
                continue;
            }
            match (program.contains('/'), dir) {
                (true, Some(dir)) => self.started(path, line, &join(dir, &program), needs),
                (true, None) => {
                    needs.gaps.push(at(path, line, format!("where {path} looks for {program} is not known")))
                }
                _ if shipped(self.found).any(|built| base_name(&built.path) == program) => {}
                _ => needs.start(&program, at(path, line, format!("{path} starts {program}"))),
            }
        }
    }

    /// A word that is a variable alone, in a place where a file is read: what it holds is not in the script.
    fn is_given_elsewhere(&self, word: &str) -> bool {
        let Some(name) = word.strip_prefix('$') else { return false };
        let name = name.trim_start_matches('{').trim_end_matches('}');
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || name.starts_with(|c: char| c.is_ascii_digit()) {
            // Arguments are looked at where they stand; a default is a word of the script.
            return false;
        }
        let set = self.image.case.stage.config.env.iter().any(|(known, _)| known == name);
        let start = |line: &str, word: &str| line.split([' ', '\t', ';']).any(|part| part.starts_with(word));
        let mut lines = self.text.lines();
        let given = set
            || self.text.lines().any(|line| start(line, &format!("{name}=")) || line.contains(&format!("for {name} ")))
            || self.text.contains(&format!("{{{name}:="));
        let computed = lines.any(|line| {
            let value = line.split_once(&format!("{name}=")).map(|(_, value)| value.trim_start_matches('"'));
            value.is_some_and(|value| value.starts_with("$(") || value.starts_with('`'))
                || line.contains("read ")
                    && line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
                || line.contains(&format!("for {name} in $("))
                || line.contains(&format!("for {name} in `"))
        });
        !given || computed
    }

    /// A program of others reads what lies around it, and beside a file that it is given.
    fn around(&self, path: &str, line: u32, cmd: &ShellCommand, dir: Option<&str>, needs: &mut Needs) {
        let name = cmd.name.text.as_str();
        let own = shipped(self.found).any(|built| base_name(&built.path) == name);
        let script = self
            .image
            .case
            .tree()
            .is_some_and(|tree| name.contains('.') || tree.is_file(&join(&self.entry.workdir, name)));
        let known = name.is_empty()
            || name.contains('$')
            || BUILTINS.contains(&name)
            || self.functions.iter().any(|function| function == name);
        let words: Vec<Option<&str>> = cmd.args.iter().map(|arg| Some(arg.text.as_str())).collect();
        if own || script || known || !reads_its_directory(name, Some(&words)) {
            return;
        }
        let claim = at(path, line, format!("{path} starts {name}"));
        needs.around.push((dir.unwrap_or(&self.entry.workdir).to_string(), name.to_string(), claim));
        for word in cmd.args.iter().map(|arg| arg.text.as_str()).filter(|word| word.starts_with('/')) {
            let beside = parent(word);
            if !is_system_dir(beside) && !word.contains('$') && matches!(self.image.presence(word), Presence::Made(_)) {
                needs.data.push((beside.to_string(), at(path, line, format!("{name} reads what lies beside {word}"))));
            }
        }
    }

    /// `exec "$@"` starts what CMD says; any other variable may be everything.
    fn computed(&mut self, path: &str, line: u32, written: &str, needs: &mut Needs) {
        // `exec gosu app "$0" "$@"`: the script once more, as another user.
        if matches!(written, "$0" | "${0}") && self.seen.first().is_some_and(|first| first == path) {
            return;
        }
        if !matches!(written, "$@" | "${@}" | "$*") && !self.is_rest(written) {
            needs.gaps.push(at(path, line, format!("{path} starts what {written} says")));
            return;
        }
        // `wait-for-it.sh db:5432 -- ./api`: the script takes what stands before the dashes for itself.
        let waits = self.entry.args.iter().any(|arg| arg.contains(':') && !arg.contains('/'));
        let dashes = self.entry.args.iter().position(|arg| arg == "--").filter(|_| waits).map_or(0, |at| at + 1);
        if let Some(first) = self.entry.args.iter().skip(dashes).find(|arg| join("/", arg) != join("/", path)) {
            self.by_name(path, line, first, needs);
        }
    }

    /// `"${WAITFORIT_CLI[@]}"` of wait-for-it.sh, to which nothing is given but `("$@")`.
    fn is_rest(&self, written: &str) -> bool {
        let Some(name) = written.strip_prefix("${").and_then(|rest| rest.strip_suffix("[@]}")) else { return false };
        let set = format!("{name}=");
        let mut given = self.text.match_indices(&set).map(|(at, found)| at + found.len()).peekable();
        let rest =
            |at: usize| self.text.get(at..).is_some_and(|text| text.starts_with("(\"$@\")") || text.starts_with("()"));
        given.peek().is_some() && given.all(rest) && !self.text.contains(&format!("{name}+="))
    }

    /// A program by its name or its path, as a command line has it.
    fn by_name(&mut self, path: &str, line: u32, name: &str, needs: &mut Needs) {
        if name.starts_with('-') || BUILTINS.contains(&name) {
            return;
        }
        if name.contains('/') {
            let full = join(&self.entry.workdir, name);
            self.started(path, line, &full, needs);
        } else if !shipped(self.found).any(|built| base_name(&built.path) == name) {
            needs.start(name, at(path, line, format!("{path} starts {name}")));
        }
    }

    /// `. ./env.sh`, `sh scripts/init.sh`
    fn called(&mut self, path: &str, line: u32, cmd: &ShellCommand, dir: Option<&str>, needs: &mut Needs) {
        let Some(arg) = cmd.args.iter().find(|arg| !arg.text.starts_with(['-', '+'])) else { return };
        let sourced = matches!(cmd.name.text.as_str(), "." | "source");
        if !sourced && cmd.args.first().is_some_and(|flag| flag.text.starts_with('-') && flag.text.contains('c')) {
            // The text of `sh -c` is among the commands already.
            return;
        }
        match if arg.text.starts_with('/') { Some("/") } else { dir } {
            Some(dir) if arg.literal => {
                let full = join(dir, &arg.text);
                let claim = at(path, line, format!("{path} calls it"));
                if self.image.case.tree().is_some_and(|tree| tree.is_file(&full)) {
                    needs.data.push((full.clone(), claim));
                    if sourced {
                        let (text, stays) = (self.text.clone(), self.stays);
                        self.script(&full, needs);
                        self.stays = stays;
                        self.text.push_str(&text);
                    } else {
                        self.apart(&full, needs);
                    }
                } else {
                    let text = format!("{path} calls {full}, which was not read");
                    needs.gaps.push(Claim { text, ..claim });
                }
            }
            _ => needs.gaps.push(at(path, line, format!("{path} calls a script whose name is computed"))),
        }
    }

    /// A program or a script by its absolute path.
    fn started(&mut self, path: &str, line: u32, full: &str, needs: &mut Needs) {
        if shipped(self.found).any(|built| built.path == full) || self.found.script.as_deref() == Some(full) {
            return;
        }
        let claim = at(path, line, format!("{path} starts {full}"));
        let there = self.image.case.tree().is_some_and(|tree| tree.read(full).is_some());
        if there {
            needs.data.push((full.to_string(), Claim { text: format!("{path} calls it"), ..claim }));
            self.apart(full, needs);
        } else if STANDARD_PATH.contains(&parent(full)) {
            needs.start(base_name(full), claim);
        } else {
            needs.gaps.push(claim);
        }
    }

    /// The files that the words of a command and what it redirects name.
    fn files(&mut self, path: &str, line: u32, cmd: &ShellCommand, dir: Option<&str>, needs: &mut Needs) {
        let name = cmd.name.text.as_str();
        let mut reads = READERS.contains(&name);
        let mut words: Vec<(&str, bool)> = Vec::new();
        let mut skip = SCRIPTED.contains(&name);
        // `psql -f "$FILE"`
        let by_flag = matches!(name, "psql" | "awk" | "gawk" | "jq" | "sed" | "sqlite3" | "mysql");
        for (flag, value) in cmd.args.iter().zip(cmd.args.iter().skip(1)).filter(|_| by_flag) {
            let names = matches!(flag.text.as_str(), "-f" | "--file" | "--from-file");
            if names && self.is_given_elsewhere(&value.text) {
                let text = format!("{path} reads a file whose name is computed: {}", value.text);
                needs.gaps.push(at(path, line, text));
            }
        }
        for arg in &cmd.args {
            if skip && !arg.text.starts_with('-') {
                skip = false;
                continue;
            }
            // Behind -exec stand the words of another program.
            reads &= !(name == "find" && arg.text.starts_with("-exec"));
            if reads && arg.text.contains('$') && (arg.text.contains('/') || self.is_given_elsewhere(&arg.text)) {
                needs.gaps.push(at(path, line, format!("{path} reads a file whose name is computed: {}", arg.text)));
            }
            words.push((arg.text.as_str(), WRITERS.contains(&name)));
        }
        for redirect in cmd.redirects.iter().chain(cmd.outer_redirects.iter()) {
            let target = redirect.target.text.as_str();
            if redirect.operator.starts_with("<<") || redirect.operator.ends_with('&') {
                continue;
            }
            let input = redirect.operator.contains('<');
            if input && target.contains(['$', '`']) {
                needs.gaps.push(at(path, line, format!("{path} reads a file whose name is computed: {target}")));
            }
            words.push((target, !input));
        }
        words.extend(cmd.assignments.iter().map(|found| (found.value.text.as_str(), false)));
        for (word, writes) in words {
            for part in without_expansions(word)
                .split(['=', ',', ':'])
                .filter(|part| !part.is_empty() && !part.starts_with('-'))
            {
                self.word(path, line, part, dir, writes, needs);
            }
        }
    }

    fn word(&self, path: &str, line: u32, word: &str, dir: Option<&str>, writes: bool, needs: &mut Needs) {
        if word.contains(['$', '`', '\n', ' ', '{']) {
            return;
        }
        // Behind `. file` the directory is not known: that of the image is the likely one, and nothing is proved.
        let full = join(dir.unwrap_or(&self.entry.workdir), word);
        let own = shipped(self.found).any(|built| built.path == full) || self.found.script.as_deref() == Some(&full);
        if full == "/etc/ssl/certs" {
            needs.certificate_dir.get_or_insert_with(|| at(path, line, format!("{path} names it")));
        }
        if own || is_system_dir(&full) || within(&self.entry.workdir, &full) || full.ends_with(".go") {
            return;
        }
        let claim = at(path, line, format!("{path} names it"));
        let known = super::layout::data_path(&full);
        match self.image.presence(&known) {
            Presence::Made(_) => {
                if dir.is_none() && !word.starts_with('/') {
                    let text = format!("{path} names {word}, and in which directory is not known");
                    needs.gaps.push(Claim { text, ..claim.clone() });
                }
                needs.data.push((full, claim));
            }
            // Programs of the system are looked at where they are started; a plain word is hardly a file.
            Presence::Perhaps(_) if !writes && word.starts_with('/') && !STANDARD_PATH.contains(&parent(&full)) => {
                needs.data.push((full, claim));
            }
            // Perhaps it is written: the directory that it lies in has to be there.
            _ if writes || word.contains('/') => needs.writable.push((full, claim)),
            _ => {}
        }
    }
}

/// `${1%:*}` is no `*}` beside a `${1%`: what stands in braces is one with its variable.
fn without_expansions(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word;
    while let Some((head, tail)) = rest.split_once("${") {
        text.push_str(head);
        text.push('$');
        let mut depth = 1;
        let end = tail.char_indices().find(|(_, letter)| {
            depth += i32::from(*letter == '{') - i32::from(*letter == '}');
            depth == 0
        });
        rest = end.and_then(|(at, _)| tail.get(at + 1..)).unwrap_or("");
    }
    text.push_str(rest);
    text
}
